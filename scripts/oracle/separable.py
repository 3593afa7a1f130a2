"""A convolution by patches and the residual block of separable convolutions that follows it in ReDimNet2, as wespeaker
has them (`models/redimnet2.py`, the strided convolution of a stage and `ResBasicBlock` with a group divisor of 1).

Maps are stored [channels, utterances, height, frames], as svdist has them. Batch normalisation with epsilon 1e-5,
momentum 0.1 and unbiased running variances.
"""

import torch
import torch.nn.functional as F

from .draws import Draws

SIZES = {"inputs": 4, "channels": 8, "groups": 2, "kernelHeight": 2, "kernelFrames": 2, "utterances": 3, "height": 6,
         "frames": 14}
# A seed under which no element is so near a ReLU's kink that single precision decides it.
SEED = 20261


def shapes():
    """The parameters and the running statistics, in the order of the state dict."""
    inputs, channels = SIZES["inputs"], SIZES["channels"]
    parameters = {
        "patches.weight": (channels, inputs // SIZES["groups"], SIZES["kernelHeight"], SIZES["kernelFrames"]),
        "patches.bias": (channels,)}
    statistics = {}
    for n in (1, 2):
        parameters |= {
            f"block.conv{n}.weight": (channels, 1, 3, 3), f"block.conv{n}pw.weight": (channels, channels, 1, 1),
            f"block.conv{n}pw.bias": (channels,), f"block.bn{n}.weight": (channels,), f"block.bn{n}.bias": (channels,)}
        statistics |= {f"block.bn{n}.running_mean": (channels,), f"block.bn{n}.running_var": (channels,)}
    return parameters, statistics


def output(state, x, training):
    """The output, with the state's running statistics changed in place by training."""

    def separable(x, name):
        x = F.conv2d(x, state[f"block.{name}.weight"], padding=1, groups=SIZES["channels"])
        return F.conv2d(x, state[f"block.{name}pw.weight"], state[f"block.{name}pw.bias"])

    def normalised(x, name):
        own = {part: state[f"block.{name}.{part}"] for part in ("running_mean", "running_var", "weight", "bias")}
        return F.batch_norm(x, *own.values(), training=training)

    stride = (SIZES["kernelHeight"], SIZES["kernelFrames"])
    x = F.conv2d(x, state["patches.weight"], state["patches.bias"], stride=stride, groups=SIZES["groups"])
    y = normalised(torch.relu(separable(x, "conv1")), "bn1")
    return torch.relu(normalised(separable(y, "conv2"), "bn2") + x)


def stored(x):
    return x.detach().transpose(0, 1).contiguous()


def golden():
    draws = Draws(SEED)
    parameters, statistics = shapes()
    parameters = {
        name: draws.normal(*shape, scale=0.4, mean=1.0 if "bn" in name and name.endswith("weight") else 0.0)
        for name, shape in parameters.items()}
    before = {
        name: draws.uniform(*shape, low=0.5, high=1.5) if name.endswith("var") else draws.normal(*shape, scale=0.3)
        for name, shape in statistics.items()}
    x = draws.normal(SIZES["utterances"], SIZES["inputs"], SIZES["height"], SIZES["frames"])
    tensors = {"input": stored(x)}
    tensors |= {f"parameter/{name}": value for name, value in parameters.items()}
    tensors |= {f"before/{name}": value for name, value in before.items()}

    leaves = {name: value.clone().requires_grad_() for name, value in parameters.items()}
    x.requires_grad_()
    after = {name: value.clone() for name, value in before.items()}
    y = output(leaves | after, x, training=True)
    tensors["training/output"] = stored(y)
    tensors |= {f"after/{name}": value for name, value in after.items()}
    for n in (1, 2):
        direction = draws.normal(*y.shape)
        gradients = torch.autograd.grad(y, [*leaves.values(), x], direction, retain_graph=True)
        own = dict(zip([*leaves, "input"], gradients))
        # A batch's mean takes this bias away.
        own["block.conv2pw.bias"] = torch.zeros_like(own["block.conv2pw.bias"])
        own["input"] = stored(own["input"])
        tensors[f"output_gradient.{n}"] = stored(direction)
        tensors |= {f"gradient.{n}/{name}": value for name, value in own.items()}

    # In double the statistics' rounding would show; the reader's start from the stored ones.
    rounded = {name: value.float().double() for name, value in after.items()}
    tensors["inference/output"] = stored(output(parameters | rounded, x, training=False))
    return tensors, SIZES
