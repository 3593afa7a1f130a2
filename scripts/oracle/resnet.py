"""ResNet (He et al. 2016) for speakers in wespeaker's layout: frequency is the height of a map of one channel.

3x3 and 1x1 convolutions without bias, zeros beyond the map; conv -> BN -> ReLU, the last ReLU of a block after the
addition; a shortcut of 1x1 where channels or stride change; a bottleneck strides in its 3x3. Mean and sqrt(unbiased
variance + 1e-7) over time of each channel at each height, channel by channel, means before deviations. With two layers
the embedding is seg_2 of the normalised ReLU of seg_1. Batch normalisation as in ecapa.py.
"""

import torch
import torch.nn.functional as F

from . import ecapa

BLOCKS = {18: (2, 2, 2, 2), 34: (3, 4, 6, 3), 50: (3, 4, 6, 3)}
LONG_FRAMES = 27


def steps(depth, channels):
    """Each block's name, input channels, channels, output channels and stride."""
    expansion, inputs = 1 if depth < 50 else 4, channels
    for stage, count in enumerate(BLOCKS[depth]):
        for index in range(count):
            width, stride = channels << stage, 2 if stage > 0 and index == 0 else 1
            yield f"layer{stage + 1}.{index}", inputs, width, width * expansion, stride
            inputs = width * expansion


def shapes(sizes):
    """Every tensor of the state dict but the batch counters: parameters, then running statistics."""
    parameters, statistics = {}, {}

    def statistics_of(name, channels):
        statistics[f"{name}.running_mean"], statistics[f"{name}.running_var"] = (channels,), (channels,)

    def convolution(name, bn, inputs, outputs, kernel):
        parameters[f"{name}.weight"] = (outputs, inputs, kernel, kernel)
        parameters[f"{bn}.weight"], parameters[f"{bn}.bias"] = (outputs,), (outputs,)
        statistics_of(bn, outputs)

    depth, embedding = sizes["depth"], sizes["embedding"]
    convolution("conv1", "bn1", 1, sizes["channels"], 3)
    for block, inputs, width, outputs, stride in steps(depth, sizes["channels"]):
        if depth < 50:
            convolution(f"{block}.conv1", f"{block}.bn1", inputs, width, 3)
            convolution(f"{block}.conv2", f"{block}.bn2", width, width, 3)
        else:
            convolution(f"{block}.conv1", f"{block}.bn1", inputs, width, 1)
            convolution(f"{block}.conv2", f"{block}.bn2", width, width, 3)
            convolution(f"{block}.conv3", f"{block}.bn3", width, outputs, 1)
        if stride != 1 or inputs != outputs:
            convolution(f"{block}.shortcut.0", f"{block}.shortcut.1", inputs, outputs, 1)
    height = sizes["bins"]
    for _ in range(3):
        height = (height + 1) // 2
    parameters["seg_1.weight"], parameters["seg_1.bias"] = (embedding, 2 * outputs * height), (embedding,)
    if sizes["twoLayers"]:
        statistics_of("seg_bn_1", embedding)
        parameters["seg_2.weight"], parameters["seg_2.bias"] = (embedding, embedding), (embedding,)
    return parameters, statistics


def statistics_over_time(x):
    """Means, then deviations, of [utterances, channels, frames]."""
    mean = x.mean(2)
    variance = ((x - mean[:, :, None]) ** 2).sum(2) / (x.shape[2] - 1)
    return torch.cat([mean, torch.sqrt(variance + 1e-7)], dim=1)


def encoder_type(sizes):
    class Encoder(ecapa.Encoder):
        def unit(self, x, conv, bn, stride=1):
            weight = self.state[f"{conv}.weight"]
            return self.normalization(F.conv2d(x, weight, stride=stride, padding=weight.shape[2] // 2), bn)

        def block(self, x, name, stride):
            if sizes["depth"] < 50:
                y = torch.relu(self.unit(x, f"{name}.conv1", f"{name}.bn1", stride))
                y = self.unit(y, f"{name}.conv2", f"{name}.bn2")
            else:
                y = torch.relu(self.unit(x, f"{name}.conv1", f"{name}.bn1"))
                y = torch.relu(self.unit(y, f"{name}.conv2", f"{name}.bn2", stride))
                y = self.unit(y, f"{name}.conv3", f"{name}.bn3")
            if f"{name}.shortcut.0.weight" in self.state:
                x = self.unit(x, f"{name}.shortcut.0", f"{name}.shortcut.1", stride)
            return torch.relu(y + x)

        def embeddings(self, features):
            x = torch.relu(self.unit(features[:, None], "conv1", "bn1"))
            for name, _, _, _, stride in steps(sizes["depth"], sizes["channels"]):
                x = self.block(x, name, stride)
            first = self.linear(statistics_over_time(x.flatten(1, 2)), "seg_1")
            if not sizes["twoLayers"]:
                return first
            return self.linear(self.normalization(torch.relu(first), "seg_bn_1"), "seg_2")

    return Encoder


class Fixture:
    """One encoder's golden values."""

    def __init__(self, depth, two_layers, seed):
        self.seed = seed
        self.sizes = {"bins": 11, "depth": depth, "channels": 2, "embedding": 5, "twoLayers": int(two_layers),
                      "utterances": 8, "frames": 35}

    def golden(self):
        return ecapa.passes(
            encoder_type(self.sizes), shapes(self.sizes), None, self.seed, self.sizes, LONG_FRAMES)


# Seeds under which single precision keeps its digits: a channel that hardly varies multiplies rounding.
basic = Fixture(18, False, seed=20235)
bottleneck = Fixture(50, True, seed=20236)
