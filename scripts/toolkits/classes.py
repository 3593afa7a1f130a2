"""Encoders of wespeaker's classes and svdist's, both ways: through wespeaker's folder, and through ONNX files."""

import torch

from oracle import recordings, wespeaker, wespeaker_files

from . import features, graphs
from .subset import SVDIST, side_by_side
from .table import row

TOOL = wespeaker.PACKAGE["wespeaker"].replace("==", " ")


def embeddings(network, utterances):
    """What a network that infers makes of features, frames × bins."""

    def embed(features):
        with torch.inference_mode():
            return wespeaker.embedding(network(features[None])).flatten().numpy()

    return side_by_side(embed, utterances)


def imported(source, output, *options):
    """The model file that svdist import makes of another toolkit's, in a folder of its own."""
    output.parent.mkdir(exist_ok=True)
    recordings.run(SVDIST, "import", source, "--output", output, *options)
    return output


def rows(name, corpus, data, work):
    """The rows of an encoder with a name of wespeaker.EVERY.

    data: the folder that has the data directory `data` to train on; work: a new folder for this encoder's files.
    """
    settings, make = wespeaker.EVERY[name]
    bins = wespeaker.bins(name)
    utterances = [features.wespeaker(one.samples, bins) for one in corpus.utterances]
    trained = recordings.trained_model(name, settings, [f"features.bins={bins}"], data)
    recordings.run(SVDIST, "export", trained, "--format", "wespeaker", "--output", work / "folder")
    theirs = embeddings(wespeaker_files.opened(work / "folder"), utterances)
    yield row(corpus, name, "svdist → wespeaker", TOOL, trained, theirs)
    theirs = graphs.embeddings(graphs.exported(trained, work / "ours.onnx"), [one.numpy() for one in utterances])
    yield row(corpus, name, "svdist → ONNX", graphs.TOOL, trained, theirs)

    network = make()
    wespeaker.draw(network, utterances)
    theirs = embeddings(network, utterances)
    home = work / "home"
    wespeaker_files.save(network, bins, len(theirs[0]), home)
    drawn = imported(home, work / "drawn/encoder.safetensors")
    yield row(corpus, name, "wespeaker → svdist", TOOL, drawn, theirs)
    (home / "avg_model.pt").unlink()
    wespeaker_files.export(network, bins, len(theirs[0]), home / "avg_model.onnx")
    folded = imported(home, work / "folded/encoder.safetensors")
    theirs = graphs.embeddings(home / "avg_model.onnx", [one.numpy() for one in utterances])
    yield row(corpus, name, "ONNX → svdist", f"{graphs.TOOL}, {TOOL}", folded, theirs)
