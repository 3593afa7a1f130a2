"""Poolings over time of wespeaker's encoders (models/pooling_layers.py), of [utterances, channels, frames].

tstp: mean and sqrt(unbiased variance + 1e-7). astp: the softmax over frames of linear2(tanh(linear1(x))) weights mean and
sqrt(max(weighted mean of squares - squared weighted mean, 1e-7)). asp: the same of attention.3(BN(relu(attention.0(x)))),
variances at least 1e-5. xi (Lee et al. 2021): log-precisions l = 2 ln softplus(lin2(BN(relu(lin1_relu_bn.0(x))))), held
within +-15; a prior frame of trained mean and log-precision joins; the softmax of l over all of them weights the mean.
"""

import torch
import torch.nn.functional as F


def shapes(pooling, name, channels):
    """Parameters, running statistics, and the number of rows of the output."""
    def affine(scope, outputs, inputs):
        return {f"{name}.{scope}.weight": (outputs, inputs, 1), f"{name}.{scope}.bias": (outputs,)}

    def attention(hidden, bn, energy, width):
        parameters = affine(hidden, width, channels)
        parameters |= {f"{name}.{bn}.weight": (width,), f"{name}.{bn}.bias": (width,)}
        statistics = {f"{name}.{bn}.running_mean": (width,), f"{name}.{bn}.running_var": (width,)}
        return parameters | affine(energy, channels, width), statistics

    if pooling == "tstp":
        return {}, {}, 2 * channels
    if pooling == "astp":
        return affine("linear1", 128, channels) | affine("linear2", channels, 128), {}, 2 * channels
    if pooling == "asp":
        return *attention("attention.0", "attention.2", "attention.3", 128), 2 * channels
    prior = {f"{name}.prior_mean": (1, channels), f"{name}.prior_logprec": (1, channels)}
    parameters, statistics = attention("lin1_relu_bn.0", "lin1_relu_bn.2", "lin2", 256)
    return prior | parameters, statistics, channels


def pooled(encoder, x, pooling, name):
    """encoder: has the state, and the convolution and the normalisation of ecapa.py."""
    def hidden(first, bn):
        return encoder.normalization(torch.relu(encoder.convolution(x, f"{name}.{first}")), f"{name}.{bn}")

    if pooling == "tstp":
        return statistics_over_time(x)
    if pooling == "astp":
        scores = encoder.convolution(torch.tanh(encoder.convolution(x, f"{name}.linear1")), f"{name}.linear2")
        return weighted_statistics(x, scores, 1e-7)
    if pooling == "asp":
        return weighted_statistics(
            x, encoder.convolution(hidden("attention.0", "attention.2"), f"{name}.attention.3"), 1e-5)
    energies = encoder.convolution(hidden("lin1_relu_bn.0", "lin1_relu_bn.2"), f"{name}.lin2")
    precisions = torch.exp((2 * torch.log(F.softplus(energies))).clamp(-15, 15))
    prior = torch.exp(encoder.state[f"{name}.prior_logprec"])
    weighted = (precisions * x).sum(2) + prior * encoder.state[f"{name}.prior_mean"]
    return weighted / (precisions.sum(2) + prior)


def statistics_over_time(x):
    """Means, then deviations."""
    mean = x.mean(2)
    variance = ((x - mean[:, :, None]) ** 2).sum(2) / (x.shape[2] - 1)
    return torch.cat([mean, torch.sqrt(variance + 1e-7)], dim=1)


def weighted_statistics(x, scores, floor):
    """Means, then deviations."""
    weights = torch.softmax(scores, dim=2)
    mean = (weights * x).sum(2)
    variance = (weights * x**2).sum(2) - mean**2
    return torch.cat([mean, torch.sqrt(variance.clamp(min=floor))], dim=1)
