"""A file of every element type, written by the format's own Python library; SafetensorsFileTests.swift holds the
values."""

import numpy as np

METADATA = {"architecture": "ecapa-tdnn", "quote": 'a "b"\\\né\U0001d11e'}


def golden():
    values = np.array([0.0, -1.5, 0.333251953125, 65504.0, 5.960464477539063e-08, -np.inf])
    return {
        "layer1.conv.weight": np.arange(12, dtype=np.float32).reshape(2, 3, 2) / 7,
        "half": values.astype(np.float16),
        "double": values.astype(np.float64).reshape(3, 2),
        "integers": np.array([-3, 1 << 40], dtype=np.int64),
        "scalar": np.array(2.5, dtype=np.float32),
        "empty": np.zeros((0, 4), dtype=np.float32),
        "bytes": np.array([1, 2], dtype=np.uint8),
    }
