"""Recordings as svdist embeds them, for the scripts that compare its embeddings with other software's. Needs svdist built
(swift build -c release, scripts/tools Tests)."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
from safetensors import safe_open

PROGRAMS = Path(__file__).resolve().parent.parent.parent / ".build/release"
SUFFIXES = {".wav", ".flac", ".ogg", ".opus", ".mp3"}
COUNT = 50
NAME = Path(sys.argv[0]).name


def found(folder):
    """Up to `COUNT` recordings under a folder."""
    found = sorted(path.resolve() for path in folder.rglob("*") if path.suffix in SUFFIXES)
    found = found[:: max(1, len(found) // COUNT)][:COUNT]
    if len(found) < 4:
        sys.exit(f"{NAME}: {len(found)} recordings under {folder}, at least 4 are needed")
    return found


def write_corpus(found, work, names=None, speakers=None):
    """A data directory `data` in a folder, which calls each two neighbours a speaker unless told otherwise."""
    listed = work / "lists"
    listed.mkdir()
    names = names or [f"s{index // 2:03}-{index:03}" for index in range(len(found))]
    speakers = speakers or [name[:4] for name in names]
    (listed / "wav.scp").write_text("".join(f"{name} {path}\n" for name, path in zip(names, found)))
    (listed / "utt2spk").write_text("".join(f"{name} {speaker}\n" for name, speaker in zip(names, speakers)))
    run(PROGRAMS / "svdist", "prepare", listed, "--output", work / "data")
    return names


def features(found, bins, work):
    """svdist's features of each recording, frames × bins."""
    run(PROGRAMS / "filterbank-dump", "--bins", bins, work, *found)
    return [np.fromfile(work / f"{index}.features.f32", "<f4").reshape(bins, -1).T.copy() for index in range(len(found))]


def run(*command):
    """What a command prints; where it fails, its message ends the script."""
    done = subprocess.run([*map(str, command)], capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{NAME}: {' '.join(map(str, command[:3]))} … failed:\n{done.stderr or done.stdout}")
    return done.stdout


def trained_model(name, encoder, features, work):
    """The model file of an encoder, with some settings of its features, that svdist trained for two steps, by which all
    statistics have moved."""
    settings = [f"corpus.train={work / 'data'}", f"encoder={encoder}", *features, "batch={speakers: 2, views: 2}",
                "training.steps=2"]
    folder = work / f"run-{name}"
    run(PROGRAMS / "svdist", "--run-dir", folder, *(word for setting in settings for word in ("--set", setting)))
    return next(folder.rglob("model.safetensors"))


def embedded(model, names, work, data=None):
    """svdist's embeddings of a data directory, that of `write_corpus` unless told, by a model file, in the order of the
    names. They stay in `embeddings.safetensors`."""
    output = work / "embeddings.safetensors"
    output.unlink(missing_ok=True)
    run(PROGRAMS / "svdist", "embed", "--encoder", model, "--corpus", data or work / "data", "--output", output)
    with safe_open(output, "np") as file:
        listed, vectors = json.loads(file.metadata()["utterances"]), file.get_tensor("embeddings")
    ours = dict(zip(listed, vectors))
    return [ours[name].astype(np.float64) for name in names]


def least_cosine(ours, theirs):
    return min(cosine(one, other) for one, other in zip(ours, theirs, strict=True))


def cosine(one, other):
    one, other = np.asarray(one, np.float64).ravel(), np.asarray(other, np.float64).ravel()
    return float(one @ other / np.linalg.norm(one) / np.linalg.norm(other))
