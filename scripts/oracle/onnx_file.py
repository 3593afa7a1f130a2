"""A graph in a file as ONNX's own Python library writes it; ONNXFileTests.swift builds the same graph."""

import numpy as np
from onnx import TensorProto, helper, numpy_helper

METADATA = {"framework": "wespeaker", "language": "", "note": 'a "b" é\U0001d11e'}


def golden():
    weight = (np.arange(60, dtype=np.float32) / 8 - 3).reshape(4, 3, 5)
    constants = [
        numpy_helper.from_array(weight, "conv.weight"),
        numpy_helper.from_array(np.array([1, -1, 300], dtype=np.int64), "int_1_-1_300"),
        numpy_helper.from_array(np.array(0.5, dtype=np.float32), "float_0.5"),
    ]
    nodes = [
        helper.make_node("Conv", ["feats", "conv.weight"], ["Conv_0"], "Conv_0", dilations=[2], pads=[4, 4]),
        helper.make_node("Softmax", ["Conv_0"], ["Softmax_1"], "Softmax_1", axis=-1),
        helper.make_node("Split", ["Softmax_1", "int_1_-1_300"], ["Split_2_0", "Split_2_1"], "Split_2_0", axis=1),
        helper.make_node("Pad", ["Split_2_1", "float_0.5"], ["Pad_3"], "Pad_3", mode="reflect"),
        helper.make_node("Gelu", ["Pad_3"], ["Gelu_4"], "Gelu_4", epsilon=1e-5),
        helper.make_node("Identity", ["Gelu_4"], ["embs"], "embs"),
    ]
    graph = helper.make_graph(
        nodes, "encoder", [helper.make_tensor_value_info("feats", TensorProto.FLOAT, ["B", "T", 3])],
        [helper.make_tensor_value_info("embs", TensorProto.FLOAT, ["B", 192])], constants)
    model = helper.make_model(
        graph, producer_name="svdist", producer_version="1.2.3", ir_version=8, opset_imports=[helper.make_opsetid("", 17)])
    helper.set_model_props(model, METADATA)
    return {"graph.onnx": model.SerializeToString(deterministic=True)}
