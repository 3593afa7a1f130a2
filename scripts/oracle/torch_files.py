"""Files of torch.save as PyTorch writes them: a state dict of every kind of numbers and of views, and a checkpoint as PyTorch
Lightning's that holds one among other things. TorchFileTests.swift has the values."""

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
    return {"torch-state.pt": state, "torch-lightning.ckpt": checkpoint}
