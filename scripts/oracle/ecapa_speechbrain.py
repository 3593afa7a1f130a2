"""ECAPA-TDNN (Desplanques et al. 2020) in SpeechBrain's layout, with global context in the attentive pooling.

Convolutions reflect at an utterance's ends; conv -> ReLU -> BN, also in the aggregation and in the attention, there
followed by tanh; the first Res2 chunk is passed on; variances are biased and clamped at 1e-12, the pooled one is taken
about the weighted mean.
"""

import torch
import torch.nn.functional as F

from . import ecapa
from .ecapa import (AGGREGATION, ATTENTION_BOTTLENECK, BINS, CHANNELS, EMBEDDING, SCALE, SE_BOTTLENECK)

FLOOR = 1e-12


def shapes():
    """Every tensor of the state dict but the batch counters: parameters, then running statistics."""
    parameters, statistics = {}, {}

    def convolution(name, outputs, inputs, kernel=1):
        parameters[f"{name}.conv.weight"], parameters[f"{name}.conv.bias"] = (outputs, inputs, kernel), (outputs,)

    def normalization(name, channels):
        for kind in ("weight", "bias"):
            parameters[f"{name}.norm.{kind}"] = (channels,)
        for kind in ("running_mean", "running_var"):
            statistics[f"{name}.norm.{kind}"] = (channels,)

    def unit(name, outputs, inputs, kernel=1):
        convolution(f"{name}.conv", outputs, inputs, kernel)
        normalization(f"{name}.norm", outputs)

    unit("blocks.0", CHANNELS, BINS, 5)
    width = CHANNELS // SCALE
    for block in ("blocks.1", "blocks.2", "blocks.3"):
        unit(f"{block}.tdnn1", CHANNELS, CHANNELS)
        for i in range(SCALE - 1):
            unit(f"{block}.res2net_block.blocks.{i}", width, width, 3)
        unit(f"{block}.tdnn2", CHANNELS, CHANNELS)
        convolution(f"{block}.se_block.conv1", SE_BOTTLENECK, CHANNELS)
        convolution(f"{block}.se_block.conv2", CHANNELS, SE_BOTTLENECK)
    unit("mfa", AGGREGATION, 3 * CHANNELS)
    unit("asp.tdnn", ATTENTION_BOTTLENECK, 3 * AGGREGATION)
    convolution("asp.conv", AGGREGATION, ATTENTION_BOTTLENECK)
    normalization("asp_bn", 2 * AGGREGATION)
    convolution("fc", EMBEDDING, 2 * AGGREGATION)
    return parameters, statistics


class Encoder(ecapa.Encoder):
    def convolution(self, x, name, dilation=1):
        weight = self.state[f"{name}.weight"]
        reach = (weight.shape[2] - 1) // 2 * dilation
        padded = F.pad(x, (reach, reach), mode="reflect")
        return F.conv1d(padded, weight, self.state[f"{name}.bias"], dilation=dilation)

    def tdnn(self, x, name, dilation=1):
        return self.unit(x, f"{name}.conv.conv", f"{name}.norm.norm", dilation)

    def res2(self, x, name, dilation):
        passed, *chunks = torch.split(x, CHANNELS // SCALE, dim=1)
        outputs = [passed]
        for i, chunk in enumerate(chunks):
            outputs.append(self.tdnn(chunk if i == 0 else chunk + outputs[-1], f"{name}.blocks.{i}", dilation))
        return torch.cat(outputs, dim=1)

    def squeeze_excitation(self, x, name):
        gate = torch.relu(self.convolution(x.mean(2, keepdim=True), f"{name}.conv1.conv"))
        return x * torch.sigmoid(self.convolution(gate, f"{name}.conv2.conv"))

    def block(self, x, name, dilation):
        y = self.tdnn(x, f"{name}.tdnn1")
        y = self.res2(y, f"{name}.res2net_block", dilation)
        y = self.tdnn(y, f"{name}.tdnn2")
        return x + self.squeeze_excitation(y, f"{name}.se_block")

    def statistics(self, x, weights):
        mean = (weights * x).sum(2, keepdim=True)
        variance = (weights * (x - mean) ** 2).sum(2, keepdim=True)
        return mean, torch.sqrt(variance.clamp(min=FLOOR))

    def pooling(self, x):
        mean, deviation = self.statistics(x, torch.full_like(x, 1 / x.shape[2]))
        context = torch.cat([x, mean.expand_as(x), deviation.expand_as(x)], dim=1)
        scores = self.convolution(torch.tanh(self.tdnn(context, "asp.tdnn")), "asp.conv.conv")
        return torch.cat(self.statistics(x, torch.softmax(scores, dim=2)), dim=1)

    def embeddings(self, features):
        x = self.tdnn(features, "blocks.0")
        outputs = []
        for index, dilation in ((1, 2), (2, 3), (3, 4)):
            x = self.block(x, f"blocks.{index}", dilation)
            outputs.append(x)
        x = self.tdnn(torch.cat(outputs, dim=1), "mfa")
        return self.convolution(self.normalization(self.pooling(x), "asp_bn.norm"), "fc.conv").squeeze(2)


def golden():
    return ecapa.passes(Encoder, shapes(), "mfa.conv.conv.bias", seed=20232)
