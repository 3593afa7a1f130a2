"""Files of torch.save as PyTorch writes them: a state dict of every kind of numbers and of views, and a checkpoint as PyTorch
Lightning's that holds one among other things, for TorchFileTests.swift, which has the values; and a small x-vector encoder
under wespeaker's names, in half precision, with its classifier, for ForeignEncoderTests.swift."""

import collections

import torch


def golden():
    matrix = torch.arange(24, dtype=torch.float32).reshape(4, 6) / 7
    values = torch.tensor([0.0, -1.5, 0.333251953125, 65504.0, 5.960464477539063e-08, -torch.inf])
    state = collections.OrderedDict([
        ("matrix", matrix), ("transposed", matrix.t()), ("part", matrix[1:3, ::2]), ("row", matrix[2]),
        ("half", values.half()), ("brain", torch.tensor([1, -3.140625]).bfloat16()), ("double", values.double()),
        ("count", torch.tensor(1 << 40)), ("integers", torch.tensor([-3, 7], dtype=torch.int32)),
        ("empty", torch.zeros(0, 4)), ("parameter", torch.nn.Parameter(torch.tensor([[2.5, -0.5]]))),
    ])
    inner = collections.OrderedDict((f"resnet.{name}", state[name]) for name in ("matrix", "count"))
    checkpoint = {
        "epoch": 3, "pytorch-lightning_version": "1.6.5", "state_dict": inner,
        "hyper_parameters": {"rate": 0.5, "sizes": [1, (2, -70_000)], "names": {"a"}, "seed": 1 << 90, "none": None},
        "optimizer_states": [{"state": {0: {"momentum_buffer": matrix}}, "param_groups": [{"nesterov": True}]}],
    }
    return {"torch-state.pt": state, "torch-lightning.ckpt": checkpoint, "torch-xvector.pt": xvector()}


def xvector():
    """Every tensor's numbers are 1/8, 2/8 … 11/8, and again from the beginning."""
    bins, channels, statistics, embedding = 8, 2, 6, 4
    shapes = {}

    def normalization(name, width):
        shapes[f"{name}.running_mean"], shapes[f"{name}.running_var"] = (width,), (width,)

    for index, frames in enumerate((5, 3, 3, 1, 1), 1):
        width = statistics if index == 5 else channels
        shapes[f"module.frame_{index}.conv_1d.weight"] = (width, bins if index == 1 else channels, frames)
        shapes[f"module.frame_{index}.conv_1d.bias"] = (width,)
        normalization(f"module.frame_{index}.bn", width)
    for name, inputs in (("seg_1", 2 * statistics), ("seg_2", embedding)):
        shapes[f"module.{name}.weight"], shapes[f"module.{name}.bias"] = (embedding, inputs), (embedding,)
    normalization("module.seg_bn_1", embedding)
    shapes["module.projection.weight"] = (3, embedding)
    state = collections.OrderedDict()
    for name, shape in shapes.items():
        count = torch.Size(shape).numel()
        state[name] = ((torch.arange(count) % 11 + 1) / 8).reshape(shape).half()
    state["module.seg_bn_1.num_batches_tracked"] = torch.tensor(7)
    return state
