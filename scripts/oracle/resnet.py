"""ResNet (He et al. 2016) for speakers in wespeaker's layout: frequency is the height of a map of one channel.

3x3 and 1x1 convolutions without bias, zeros beyond the map; conv -> BN -> ReLU, the last ReLU of a block after the
addition; a shortcut of 1x1 where channels or stride change; a bottleneck strides in its 3x3. Statistics over time of each
channel at each height, channel by channel (poolings.py). With two layers the embedding is seg_2 of the normalised ReLU of
seg_1. Batch normalisation as in ecapa.py.

With the gate simam (Yang et al. 2021) a block's path ends, after its last normalisation, with
x * sigmoid(d / (4 (v + 1e-4)) + 1/2), where d is the squared distance from the mean over an utterance's map in a channel
and v the sum of d over the map by one less than its elements; names are those of models/samresnet.py.
"""

import torch
import torch.nn.functional as F

from . import ecapa, poolings

BLOCKS = {18: (2, 2, 2, 2), 34: (3, 4, 6, 3), 50: (3, 4, 6, 3)}
LONG_FRAMES = 27


def names(gated):
    """The scopes of trunk, shortcuts, pooling and first linear layer."""
    return ("front.", "downsample", "pooling", "bottleneck") if gated else ("", "shortcut", "pool", "seg_1")


def steps(depth, channels, trunk):
    """Each block's name, input channels, channels, output channels and stride."""
    expansion, inputs = 1 if depth < 50 else 4, channels
    for stage, count in enumerate(BLOCKS[depth]):
        for index in range(count):
            width, stride = channels << stage, 2 if stage > 0 and index == 0 else 1
            yield f"{trunk}layer{stage + 1}.{index}", inputs, width, width * expansion, stride
            inputs = width * expansion


def shapes(sizes, gated=False, pooling="tstp"):
    """Every tensor of the state dict but the batch counters: parameters, then running statistics."""
    parameters, statistics = {}, {}

    def statistics_of(name, channels):
        statistics[f"{name}.running_mean"], statistics[f"{name}.running_var"] = (channels,), (channels,)

    def convolution(name, bn, inputs, outputs, kernel):
        parameters[f"{name}.weight"] = (outputs, inputs, kernel, kernel)
        parameters[f"{bn}.weight"], parameters[f"{bn}.bias"] = (outputs,), (outputs,)
        statistics_of(bn, outputs)

    depth, embedding = sizes["depth"], sizes["embedding"]
    trunk, shortcut, pool, first = names(gated)
    convolution(f"{trunk}conv1", f"{trunk}bn1", 1, sizes["channels"], 3)
    for block, inputs, width, outputs, stride in steps(depth, sizes["channels"], trunk):
        if depth < 50:
            convolution(f"{block}.conv1", f"{block}.bn1", inputs, width, 3)
            convolution(f"{block}.conv2", f"{block}.bn2", width, width, 3)
        else:
            convolution(f"{block}.conv1", f"{block}.bn1", inputs, width, 1)
            convolution(f"{block}.conv2", f"{block}.bn2", width, width, 3)
            convolution(f"{block}.conv3", f"{block}.bn3", width, outputs, 1)
        if stride != 1 or inputs != outputs:
            convolution(f"{block}.{shortcut}.0", f"{block}.{shortcut}.1", inputs, outputs, 1)
    height = sizes["bins"]
    for _ in range(3):
        height = (height + 1) // 2
    own, own_statistics, rows = poolings.shapes(pooling, pool, outputs * height)
    parameters |= own
    statistics |= own_statistics
    parameters[f"{first}.weight"], parameters[f"{first}.bias"] = (embedding, rows), (embedding,)
    if sizes["twoLayers"]:
        statistics_of("seg_bn_1", embedding)
        parameters["seg_2.weight"], parameters["seg_2.bias"] = (embedding, embedding), (embedding,)
    return parameters, statistics


def gate(x):
    distances = (x - x.mean([2, 3], keepdim=True)) ** 2
    variance = distances.sum([2, 3], keepdim=True) / (x.shape[2] * x.shape[3] - 1)
    return x * torch.sigmoid(distances / (4 * (variance + 1e-4)) + 0.5)


def encoder_type(sizes, gated=False, pooling="tstp"):
    trunk, shortcut, pool, linear = names(gated)

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
            if f"{name}.{shortcut}.0.weight" in self.state:
                x = self.unit(x, f"{name}.{shortcut}.0", f"{name}.{shortcut}.1", stride)
            return torch.relu((gate(y) if gated else y) + x)

        def embeddings(self, features):
            x = torch.relu(self.unit(features[:, None], f"{trunk}conv1", f"{trunk}bn1"))
            for name, _, _, _, stride in steps(sizes["depth"], sizes["channels"], trunk):
                x = self.block(x, name, stride)
            first = self.linear(poolings.pooled(self, x.flatten(1, 2), pooling, pool), linear)
            if not sizes["twoLayers"]:
                return first
            return self.linear(self.normalization(torch.relu(first), "seg_bn_1"), "seg_2")

    return Encoder


class Fixture:
    """One encoder's golden values."""

    def __init__(self, depth, two_layers, seed, gated=False, pooling="tstp"):
        self.seed, self.gated, self.pooling = seed, gated, pooling
        self.sizes = {"bins": 11, "depth": depth, "channels": 2, "embedding": 5, "twoLayers": int(two_layers),
                      "utterances": 8, "frames": 35}

    def golden(self):
        return ecapa.passes(
            encoder_type(self.sizes, self.gated, self.pooling), shapes(self.sizes, self.gated, self.pooling), None,
            self.seed, self.sizes, LONG_FRAMES)


# Seeds under which single precision keeps its digits: a channel that hardly varies multiplies rounding.
basic = Fixture(18, False, seed=20235)
bottleneck = Fixture(50, True, seed=20236)
simam = Fixture(18, False, seed=20262, gated=True, pooling="asp")
attentive = Fixture(18, False, seed=20264, pooling="astp")
