"""Events of every kind that svdist writes, as TensorBoard's own protocol buffers and record writer write them;
TensorBoardEventTests.swift writes the same events."""

import io

from tensorboard.compat.proto import event_pb2, summary_pb2, tensor_pb2, tensor_shape_pb2, types_pb2
from tensorboard.plugins.hparams import metadata as hparams_metadata
from tensorboard.plugins.hparams import plugin_data_pb2
from tensorboard.plugins.text import metadata as text_metadata
from tensorboard.summary.writer.record_writer import RecordWriter

TIME = 1764500000.25


def settings():
    start = plugin_data_pb2.SessionStartInfo(start_time_secs=TIME)
    start.hparams["encoder.type"].string_value = "x-vector"
    start.hparams["optimizer.nesterov"].bool_value = True
    start.hparams["training.steps"].number_value = 600
    data = plugin_data_pb2.HParamsPluginData(session_start_info=start, version=hparams_metadata.PLUGIN_DATA_VERSION)
    # Of a map, the order is otherwise any.
    content = data.SerializeToString(deterministic=True)
    return summary_pb2.Summary.Value(
        tag=hparams_metadata.SESSION_START_INFO_TAG, tensor=hparams_metadata.NULL_TENSOR,
        metadata=metadata(hparams_metadata.PLUGIN_NAME, content))


def metadata(plugin, content=b""):
    return summary_pb2.SummaryMetadata(
        plugin_data=summary_pb2.SummaryMetadata.PluginData(plugin_name=plugin, content=content))


def text():
    tensor = tensor_pb2.TensorProto(
        dtype=types_pb2.DT_STRING, tensor_shape=tensor_shape_pb2.TensorShapeProto(),
        string_val=["    seed: 1\n    name: é".encode()])
    return summary_pb2.Summary.Value(
        tag="configuration", tensor=tensor, metadata=metadata(text_metadata.PLUGIN_NAME))


def histogram():
    return summary_pb2.Summary.Value(tag="evaluation/targetScores", histo=summary_pb2.HistogramProto(
        min=-0.03, max=0.12, num=4, sum=0.19, sum_squares=0.0233, bucket_limit=[0, 0.05, 0.1, 0.15], bucket=[1, 1, 0, 2]))


def golden():
    def summary(step, *values):
        return event_pb2.Event(wall_time=TIME, step=step, summary=summary_pb2.Summary(value=values))

    events = [
        event_pb2.Event(wall_time=TIME, file_version="brain.Event:2"),
        event_pb2.Event(
            wall_time=TIME, step=501, session_log=event_pb2.SessionLog(status=event_pb2.SessionLog.START)),
        summary(501, text(), settings()),
        summary(70000, summary_pb2.Summary.Value(tag="loss/classificationLoss", simple_value=1.7605009078979492),
                summary_pb2.Summary.Value(tag="schedule/margin", simple_value=0)),
        summary(600, histogram()),
    ]
    file = io.BytesIO()
    writer = RecordWriter(file)
    for event in events:
        writer.write(event.SerializeToString(deterministic=True))
    return {"events.tfevents": file.getvalue()}
