"""Graphs of svdist's encoders in sherpa-onnx, which computes the features itself."""

from importlib import metadata

import sherpa_onnx

from oracle import recordings, wespeaker

from . import graphs
from .subset import RATE, side_by_side
from .table import row

TOOL = f"sherpa-onnx {metadata.version('sherpa-onnx')}"
COSINE = 0.9999


def embeddings(path, utterances):
    extractor = sherpa_onnx.SpeakerEmbeddingExtractor(
        sherpa_onnx.SpeakerEmbeddingExtractorConfig(model=str(path), num_threads=1, provider="cpu"))

    def embed(utterance):
        stream = extractor.create_stream()
        stream.accept_waveform(RATE, utterance.samples)
        stream.input_finished()
        return extractor.compute(stream)

    return side_by_side(embed, utterances)


def rows(name, corpus, data, work):
    """The row of an encoder of 80 bins, which sherpa-onnx always computes, with its own front end."""
    model = recordings.trained_model(f"{name}-sherpa", wespeaker.EVERY[name][0], ["features.profile=sherpa"], data)
    theirs = embeddings(graphs.exported(model, work / "sherpa.onnx"), corpus.utterances)
    yield row(corpus, name, "svdist → sherpa-onnx", f"{TOOL}, its own front end", model, theirs, COSINE)
