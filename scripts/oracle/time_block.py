"""ReDimNet's block over time alone (Yakovlev et al. 2024) in wespeaker's layout.

x + W(transformer(blocks(norm(V(x))))): V and W are products of each frame, norm is over the channels of a frame
(epsilon 1e-6). A block is x + P(gelu(BN(depthwise convolution of x))), with the exact GELU, zeros beyond the ends and
7, 19, 31 and 59 frames. The transformer's layer has four heads and no positions and normalises after each sum; the
GELU of its two linear maps is the form by tanh. Batch normalisation as in ecapa.py.
"""

import math

import torch
import torch.nn.functional as F

from . import ecapa

KERNELS = (7, 19, 31, 59)
HEADS, EPSILON = 4, 1e-6
MAPS = ("attention.k_proj", "attention.v_proj", "attention.q_proj", "attention.out_proj",
        "feed_forward.intermediate_dense", "feed_forward.output_dense")


def shapes(sizes):
    """Every tensor of the state dict but the batch counters: parameters, then running statistics."""
    parameters, statistics = {}, {}

    def affine(name, *shape):
        parameters[f"{name}.weight"], parameters[f"{name}.bias"] = shape, shape[:1]

    channels, width = sizes["bins"], sizes["reduced"]
    affine("block.red_dim_conv.0", width, channels, 1)
    affine("block.red_dim_conv.1", width)
    for index, kernel in enumerate(KERNELS):
        name = f"block.tcm.{index}"
        affine(f"{name}.dwconvs.0", width, 1, kernel)
        affine(f"{name}.norm", width)
        statistics[f"{name}.norm.running_mean"], statistics[f"{name}.norm.running_var"] = (width,), (width,)
        affine(f"{name}.pwconv1", width, width, 1)
    for name in MAPS:
        affine(f"block.tcm.4.{name}", width, width)
    for name in ("layer_norm", "final_layer_norm"):
        affine(f"block.tcm.4.{name}", width)
    affine("block.exp_dim_conv", channels, width, 1)
    return parameters, statistics


def gelu(x):
    return x * (1 + torch.erf(x / math.sqrt(2))) / 2


def gelu_by_tanh(x):
    return x * (1 + torch.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3))) / 2


class Block(ecapa.Encoder):
    """x is [utterances, channels, frames] everywhere."""

    def mapped(self, x, name):
        weight, bias = self.state[f"{name}.weight"], self.state[f"{name}.bias"]
        return torch.einsum("oi,uit->uot", weight.reshape(weight.shape[:2]), x) + bias[:, None]

    def normalized(self, x, name):
        mean = x.mean(1, keepdim=True)
        variance = ((x - mean) ** 2).mean(1, keepdim=True)
        weight, bias = self.state[f"{name}.weight"], self.state[f"{name}.bias"]
        return (x - mean) / torch.sqrt(variance + EPSILON) * weight[:, None] + bias[:, None]

    def convolved(self, x, name):
        weight = self.state[f"{name}.dwconvs.0.weight"]
        y = F.conv1d(x, weight, self.state[f"{name}.dwconvs.0.bias"], padding=weight.shape[2] // 2, groups=x.shape[1])
        return x + self.mapped(gelu(self.normalization(y, f"{name}.norm")), f"{name}.pwconv1")

    def attended(self, x, name):
        query, key, value = (self.mapped(x, f"{name}.{kind}_proj").unflatten(1, (HEADS, -1)) for kind in "qkv")
        scores = torch.einsum("uhct,uhcs->uhts", query, key) / math.sqrt(query.shape[2])
        mean = torch.einsum("uhts,uhcs->uhct", torch.softmax(scores, dim=3), value)
        return self.mapped(mean.flatten(1, 2), f"{name}.out_proj")

    def embeddings(self, features):
        x = self.normalized(self.mapped(features, "block.red_dim_conv.0"), "block.red_dim_conv.1")
        for index in range(len(KERNELS)):
            x = self.convolved(x, f"block.tcm.{index}")
        last = "block.tcm.4"
        x = self.normalized(x + self.attended(x, f"{last}.attention"), f"{last}.layer_norm")
        hidden = gelu_by_tanh(self.mapped(x, f"{last}.feed_forward.intermediate_dense"))
        x = self.normalized(x + self.mapped(hidden, f"{last}.feed_forward.output_dense"), f"{last}.final_layer_norm")
        return features + self.mapped(x, "block.exp_dim_conv")


SIZES = {"bins": 12, "reduced": 8, "utterances": 3, "frames": 40}


def golden():
    return ecapa.passes(Block, shapes(SIZES), None, 20246, SIZES, long_frames=300)
