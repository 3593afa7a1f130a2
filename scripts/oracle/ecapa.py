"""ECAPA-TDNN (Desplanques et al. 2020) in wespeaker's layout, with global context in the attentive pooling.

Convolutions pad with zeros; conv -> ReLU -> BN; the last Res2 chunk is passed on; no BN after the aggregation layer;
batch normalisation as PyTorch defines it (biased variance to normalise, unbiased into the running variance,
momentum 0.1, epsilon 1e-5).
"""

import math

import torch
import torch.nn.functional as F

from .draws import Draws

BINS, CHANNELS, SCALE, EMBEDDING = 8, 16, 8, 6
SE_BOTTLENECK, ATTENTION_BOTTLENECK, AGGREGATION = 4, 4, 24
UTTERANCES, FRAMES, LONG_FRAMES = 4, 11, 17
SIZES = {"bins": BINS, "channels": CHANNELS, "scale": SCALE, "embedding": EMBEDDING, "seBottleneck": SE_BOTTLENECK,
         "attentionBottleneck": ATTENTION_BOTTLENECK, "aggregation": AGGREGATION, "utterances": UTTERANCES,
         "frames": FRAMES}
MOMENTUM, EPSILON = 0.1, 1e-5


def shapes():
    """Every tensor of the state dict but the batch counters: parameters, then running statistics."""
    parameters, statistics = {}, {}

    def affine(name, *shape):
        parameters[f"{name}.weight"], parameters[f"{name}.bias"] = shape, shape[:1]

    def normalization(name, channels):
        affine(name, channels)
        statistics[f"{name}.running_mean"], statistics[f"{name}.running_var"] = (channels,), (channels,)

    affine("layer1.conv", CHANNELS, BINS, 5)
    normalization("layer1.bn", CHANNELS)
    width = CHANNELS // SCALE
    for layer in (2, 3, 4):
        block = f"layer{layer}.se_res2block"
        affine(f"{block}.0.conv", CHANNELS, CHANNELS, 1)
        normalization(f"{block}.0.bn", CHANNELS)
        for i in range(SCALE - 1):
            affine(f"{block}.1.convs.{i}", width, width, 3)
            normalization(f"{block}.1.bns.{i}", width)
        affine(f"{block}.2.conv", CHANNELS, CHANNELS, 1)
        normalization(f"{block}.2.bn", CHANNELS)
        affine(f"{block}.3.linear1", SE_BOTTLENECK, CHANNELS)
        affine(f"{block}.3.linear2", CHANNELS, SE_BOTTLENECK)
    affine("conv", AGGREGATION, 3 * CHANNELS, 1)
    affine("pool.linear1", ATTENTION_BOTTLENECK, 3 * AGGREGATION, 1)
    affine("pool.linear2", AGGREGATION, ATTENTION_BOTTLENECK, 1)
    normalization("bn", 2 * AGGREGATION)
    affine("linear", EMBEDDING, 2 * AGGREGATION)
    return parameters, statistics


class Encoder:
    def __init__(self, state, training):
        self.state, self.training, self.updated = state, training, {}

    def convolution(self, x, name, dilation=1):
        weight = self.state[f"{name}.weight"]
        padding = (weight.shape[2] - 1) // 2 * dilation
        return F.conv1d(x, weight, self.state[f"{name}.bias"], padding=padding, dilation=dilation)

    def linear(self, x, name):
        return x @ self.state[f"{name}.weight"].T + self.state[f"{name}.bias"]

    def normalization(self, x, name, epsilon=EPSILON):
        """x is [utterances, channels, frames] or [utterances, channels]; without a weight there is no bias either."""
        mean, variance = self.state[f"{name}.running_mean"], self.state[f"{name}.running_var"]
        over = [axis for axis in range(x.dim()) if axis != 1]
        shape = [1, -1] + [1] * (x.dim() - 2)
        if self.training:
            count = x.numel() // x.shape[1]
            batch_mean = x.mean(over)
            batch_variance = ((x - batch_mean.view(shape)) ** 2).mean(over)
            unbiased = batch_variance * count / (count - 1)
            self.updated[f"{name}.running_mean"] = ((1 - MOMENTUM) * mean + MOMENTUM * batch_mean).detach()
            self.updated[f"{name}.running_var"] = ((1 - MOMENTUM) * variance + MOMENTUM * unbiased).detach()
            mean, variance = batch_mean, batch_variance
        normalized = (x - mean.view(shape)) / torch.sqrt(variance.view(shape) + epsilon)
        if f"{name}.weight" not in self.state:
            return normalized
        return normalized * self.state[f"{name}.weight"].view(shape) + self.state[f"{name}.bias"].view(shape)

    def unit(self, x, conv, bn, dilation=1):
        return self.normalization(torch.relu(self.convolution(x, conv, dilation)), bn)

    def res2(self, x, name, dilation):
        chunks = torch.split(x, CHANNELS // SCALE, dim=1)
        outputs = []
        for i in range(SCALE - 1):
            carried = chunks[i] if i == 0 else outputs[-1] + chunks[i]
            outputs.append(self.unit(carried, f"{name}.convs.{i}", f"{name}.bns.{i}", dilation))
        return torch.cat(outputs + [chunks[-1]], dim=1)

    def squeeze_excitation(self, x, name):
        gate = torch.relu(self.linear(x.mean(2), f"{name}.linear1"))
        return x * torch.sigmoid(self.linear(gate, f"{name}.linear2"))[:, :, None]

    def block(self, x, name, dilation):
        y = self.unit(x, f"{name}.0.conv", f"{name}.0.bn")
        y = self.res2(y, f"{name}.1", dilation)
        y = self.unit(y, f"{name}.2.conv", f"{name}.2.bn")
        return x + self.squeeze_excitation(y, f"{name}.3")

    def pooling(self, x):
        mean = x.mean(2, keepdim=True)
        variance = ((x - mean) ** 2).sum(2, keepdim=True) / (x.shape[2] - 1)
        deviation = torch.sqrt(variance + 1e-7)
        context = torch.cat([x, mean.expand_as(x), deviation.expand_as(x)], dim=1)
        scores = self.convolution(torch.tanh(self.convolution(context, "pool.linear1")), "pool.linear2")
        weights = torch.softmax(scores, dim=2)
        mean = (weights * x).sum(2)
        variance = (weights * x**2).sum(2) - mean**2
        return torch.cat([mean, torch.sqrt(variance.clamp(min=1e-7))], dim=1)

    def embeddings(self, features):
        x = self.unit(features, "layer1.conv", "layer1.bn")
        outputs = []
        for layer, dilation in ((2, 2), (3, 3), (4, 4)):
            x = self.block(x, f"layer{layer}.se_res2block", dilation)
            outputs.append(x)
        x = torch.relu(self.convolution(torch.cat(outputs, dim=1), "conv"))
        return self.linear(self.normalization(self.pooling(x), "bn"), "linear")


def draw_state(draws, shapes, rectified):
    """Parameters and running statistics; `rectified` names the bias before the ReLU that the pooling reads, if one does."""
    parameters, statistics = {}, {}
    parameter_shapes, statistic_shapes = shapes
    for name, shape in parameter_shapes.items():
        scope, kind = name.rsplit(".", 1)
        if f"{scope}.running_mean" in statistic_shapes:
            parameters[name] = draws.uniform(*shape, low=0.6, high=1.4) if kind == "weight" else (
                draws.normal(*shape, scale=0.3))
        elif kind == "bias":
            parameters[name] = draws.normal(*shape, scale=0.2, mean=0.5 if name == rectified else 0.0)
        else:
            parameters[name] = draws.normal(*shape, scale=math.prod(shape[1:]) ** -0.5)
    for name, shape in statistic_shapes.items():
        statistics[name] = draws.normal(*shape, scale=0.2) if name.endswith("mean") else (
            draws.uniform(*shape, low=0.5, high=1.5))
    return parameters, statistics


def passes(encoder_type, shapes, rectified, seed, sizes=SIZES, long_frames=LONG_FRAMES):
    """The tensors of a training pass with two objectives' gradients and of inference after it, and the sizes."""
    draws = Draws(seed)
    parameters, before = draw_state(draws, shapes, rectified)
    features = draws.normal(sizes["utterances"], sizes["bins"], sizes["frames"])
    tensors = {"features": features}
    tensors |= {f"parameter/{name}": value for name, value in parameters.items()}
    tensors |= {f"before/{name}": value for name, value in before.items()}

    leaves = {name: value.clone().requires_grad_() for name, value in parameters.items()}
    x = features.clone().requires_grad_()
    encoder = encoder_type(leaves | before, training=True)
    embeddings = encoder.embeddings(x)
    after = encoder.updated
    tensors["training/embeddings"] = embeddings.detach()
    tensors |= {f"after/{name}": value for name, value in after.items()}
    for n in (1, 2):
        output = draws.normal(*embeddings.shape)
        gradients = torch.autograd.grad(embeddings, [*leaves.values(), x], output, retain_graph=True)
        tensors[f"output_gradient.{n}"] = output
        tensors |= {f"gradient.{n}/{name}": value for name, value in zip([*leaves, "features"], gradients)}

    # In double the statistics' rounding would show; the reader's start from the stored ones.
    stored = {name: value.float().double() for name, value in after.items()}
    inference = encoder_type(parameters | stored, training=False)
    long = draws.normal(1, sizes["bins"], long_frames)
    tensors["inference/embeddings"] = inference.embeddings(features)
    tensors["inference/long.features"] = long
    tensors["inference/long.embeddings"] = inference.embeddings(long)
    return tensors, sizes


def golden():
    return passes(Encoder, shapes(), "conv.bias", seed=20231)
