"""Graphs in onnxruntime."""

from importlib import metadata

import numpy as np
import onnxruntime

from oracle import recordings

from .subset import SVDIST, side_by_side

TOOL = f"onnxruntime {metadata.version('onnxruntime')}"


def session(path, threads=1):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def embeddings(path, inputs):
    """The graph's only output for each input without its first axis: frames × bins, or samples."""
    graph = session(path)
    name = graph.get_inputs()[0].name
    return side_by_side(lambda one: graph.run(None, {name: np.ascontiguousarray(one)[None]})[0][0], inputs)


def exported(model, path, *options):
    recordings.run(SVDIST, "export", model, "--output", path, *options)
    return path
