"""Runs of svdist on a corpus of drawn noise, which take a second or two: for scripts that look at what runs leave."""

import random
import struct
import subprocess
import wave

SPEAKERS, UTTERANCES = 6, 3


def write_corpus(folder):
    """Seconds of noise, of speakers that differ in its loudness, in Kaldi's form, with trials of all pairs."""
    folder.mkdir()
    generator = random.Random(1)
    names = [(f"s{speaker}", f"s{speaker}-u{number}") for speaker in range(SPEAKERS) for number in range(UTTERANCES)]
    for speaker, name in names:
        loudness = 500 * (1 + int(speaker[1:]))
        samples = [int(generator.uniform(-loudness, loudness)) for _ in range(16000)]
        with wave.open(str(folder / f"{name}.wav"), "wb") as file:
            file.setparams((1, 2, 16000, 0, "NONE", ""))
            file.writeframes(struct.pack(f"<{len(samples)}h", *samples))
    (folder / "wav.scp").write_text("".join(f"{name} {folder / name}.wav\n" for _, name in names))
    (folder / "utt2spk").write_text("".join(f"{name} {speaker}\n" for speaker, name in names))
    (folder / "spk2gender").write_text("".join(f"s{speaker} {'fm'[speaker % 2]}\n" for speaker in range(SPEAKERS)))
    pairs = [(one, other) for place, one in enumerate(names) for other in names[place + 1:]]
    (folder / "trials").write_text("".join(
        f"{one[1]} {other[1]} {'target' if one[0] == other[0] else 'nontarget'}\n" for one, other in pairs))


def command(svdist, corpus, run, steps, settings=(), evaluates=True):
    """The command line of a training."""
    every = [f"corpus.evaluation={corpus}", f"corpus.trials={corpus}/trials", "evaluation.everySteps=10"]
    settings = [
        f"corpus.train={corpus}", "encoder.channels=16", "encoder.aggregation=96", "encoder.embedding=16", "features.bins=24",
        "crop.seconds=0.4", "batch.speakers=3", "batch.utterances=2", "batch.unit=2", f"training.steps={steps}",
        "checkpoint.everySteps=10", *(every if evaluates else []), *settings]
    return [svdist, "--run-dir", str(run), "--threads", "1", "--allow-overlap"] + [
        part for setting in settings for part in ("--set", setting)]


def train(svdist, corpus, run, steps, settings=(), evaluates=True):
    """Trains a run to its end."""
    arguments = command(svdist, corpus, run, steps, settings, evaluates)
    subprocess.run(arguments, check=True, stdout=subprocess.DEVNULL, timeout=300)
