"""CAM++ (Wang et al. 2023) in wespeaker's layout.

A head of 3x3 convolutions over frequency and time (residual blocks as in resnet.py, strides on frequency alone), whose map
is flattened channel by channel; a convolution of five frames that strides by two; three dense blocks, in which a layer
reads the joined channels of all before it: BN -> ReLU -> 1x1 -> BN -> ReLU -> three dilated frames, times a gate of the
frame's context (the mean over all frames plus the mean over its piece of 100 frames, the last piece by its own length);
after each block BN -> ReLU -> 1x1 to half the channels. Then BN, ReLU, mean and sqrt(unbiased variance + 1e-7) over time,
a linear map without bias, and BN without weight and bias. No convolution but the gate's two has a bias.
"""

import torch
import torch.nn.functional as F

from . import ecapa, poolings, resnet

DILATIONS = (1, 2, 2)
HEAD = (("layer1.0", 2), ("layer1.1", 1), ("layer2.0", 2), ("layer2.1", 1))
PIECE = 100
LONG_FRAMES = 457


def counts(sizes):
    """The number of layers of each dense block."""
    return [sizes[f"layers{block}"] for block in (1, 2, 3)]


def shapes(sizes):
    """Every tensor of the state dict but the batch counters: parameters, then running statistics."""
    parameters, statistics = {}, {}

    def normalization(name, channels, affine=True):
        statistics[f"{name}.running_mean"], statistics[f"{name}.running_var"] = (channels,), (channels,)
        if affine:
            parameters[f"{name}.weight"], parameters[f"{name}.bias"] = (channels,), (channels,)

    def map_convolution(name, bn, inputs, outputs, kernel):
        parameters[f"{name}.weight"] = (outputs, inputs, kernel, kernel)
        normalization(bn, outputs)

    width = sizes["headChannels"]
    map_convolution("head.conv1", "head.bn1", 1, width, 3)
    for block, stride in HEAD:
        map_convolution(f"head.{block}.conv1", f"head.{block}.bn1", width, width, 3)
        map_convolution(f"head.{block}.conv2", f"head.{block}.bn2", width, width, 3)
        if stride != 1:
            map_convolution(f"head.{block}.shortcut.0", f"head.{block}.shortcut.1", width, width, 1)
    map_convolution("head.conv2", "head.bn2", width, width, 3)
    height = sizes["bins"]
    for _ in range(3):
        height = (height + 1) // 2

    channels, growth = sizes["channels"], sizes["growth"]
    hidden = sizes["bottleneck"] * growth
    parameters["xvector.tdnn.linear.weight"] = (channels, width * height, 5)
    normalization("xvector.tdnn.nonlinear.batchnorm", channels)
    for block, count in enumerate(counts(sizes), 1):
        for layer in range(1, count + 1):
            name = f"xvector.block{block}.tdnnd{layer}"
            normalization(f"{name}.nonlinear1.batchnorm", channels)
            parameters[f"{name}.linear1.weight"] = (hidden, channels, 1)
            normalization(f"{name}.nonlinear2.batchnorm", hidden)
            parameters[f"{name}.cam_layer.linear_local.weight"] = (growth, hidden, 3)
            parameters[f"{name}.cam_layer.linear1.weight"] = (hidden // 2, hidden, 1)
            parameters[f"{name}.cam_layer.linear1.bias"] = (hidden // 2,)
            parameters[f"{name}.cam_layer.linear2.weight"] = (growth, hidden // 2, 1)
            parameters[f"{name}.cam_layer.linear2.bias"] = (growth,)
            channels += growth
        normalization(f"xvector.transit{block}.nonlinear.batchnorm", channels)
        parameters[f"xvector.transit{block}.linear.weight"] = (channels // 2, channels, 1)
        channels //= 2
    normalization("xvector.out_nonlinear.batchnorm", channels)
    parameters["xvector.dense.linear.weight"] = (sizes["embedding"], 2 * channels, 1)
    normalization("xvector.dense.nonlinear.batchnorm", sizes["embedding"], affine=False)
    return parameters, statistics


def encoder_type(sizes):
    class Encoder(resnet.encoder_type({"depth": 18})):
        def head(self, features):
            x = torch.relu(self.unit(features[:, None], "head.conv1", "head.bn1"))
            for name, stride in HEAD:
                x = self.block(x, f"head.{name}", (stride, 1))
            return torch.relu(self.unit(x, "head.conv2", "head.bn2", (2, 1))).flatten(1, 2)

        def activation(self, x, name):
            return torch.relu(self.normalization(x, f"{name}.batchnorm"))

        def context(self, x):
            pieces = [piece.mean(2, keepdim=True).expand_as(piece) for piece in torch.split(x, PIECE, dim=2)]
            return x.mean(2, keepdim=True) + torch.cat(pieces, dim=2)

        def mask(self, x, name):
            hidden = torch.relu(self.convolution(self.context(x), f"{name}.linear1"))
            return torch.sigmoid(self.convolution(hidden, f"{name}.linear2"))

        def layer(self, x, name, dilation):
            x = F.conv1d(self.activation(x, f"{name}.nonlinear1"), self.state[f"{name}.linear1.weight"])
            x = self.activation(x, f"{name}.nonlinear2")
            local = self.state[f"{name}.cam_layer.linear_local.weight"]
            return F.conv1d(x, local, padding=dilation, dilation=dilation) * self.mask(x, f"{name}.cam_layer")

        def embeddings(self, features):
            x = F.conv1d(self.head(features), self.state["xvector.tdnn.linear.weight"], stride=2, padding=2)
            x = self.activation(x, "xvector.tdnn.nonlinear")
            for block, (count, dilation) in enumerate(zip(counts(sizes), DILATIONS), 1):
                for layer in range(1, count + 1):
                    x = torch.cat([x, self.layer(x, f"xvector.block{block}.tdnnd{layer}", dilation)], dim=1)
                transit = f"xvector.transit{block}"
                x = F.conv1d(self.activation(x, f"{transit}.nonlinear"), self.state[f"{transit}.linear.weight"])
            x = poolings.statistics_over_time(self.activation(x, "xvector.out_nonlinear"))
            return self.normalization(x @ self.state["xvector.dense.linear.weight"][:, :, 0].T,
                                      "xvector.dense.nonlinear.batchnorm")

    return Encoder


SIZES = {"bins": 11, "headChannels": 4, "channels": 6, "growth": 4, "bottleneck": 2, "layers1": 2, "layers2": 3,
         "layers3": 2, "embedding": 5, "utterances": 6, "frames": 205}


def golden():
    return ecapa.passes(encoder_type(SIZES), shapes(SIZES), None, 20238, SIZES, LONG_FRAMES)
