"""Utterances of real speakers, a trial of each two, svdist's embeddings of them, and what other tools' are worth."""

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import soundfile

from oracle import metrics, recordings

RATE = 16000
# Each embeds utterances by itself. Threads that share one utterance wait for each other, long where other work takes a
# core.
THREADS = 2
SVDIST = recordings.PROGRAMS / "svdist"


def listed(path):
    """The lines of a list of Kaldi's, by their first words."""
    return dict(line.split(maxsplit=1) for line in path.read_text().splitlines())


def side_by_side(embed, utterances):
    with ThreadPoolExecutor(THREADS) as threads:
        return list(threads.map(embed, utterances))


@dataclass
class Utterance:
    """A recording with one speaker; `samples` are those at 16 kHz within ±1."""

    name: str
    speaker: str
    path: object

    @property
    def samples(self):
        samples, rate = soundfile.read(self.path, dtype="float32", always_2d=True)
        if rate != RATE:
            raise SystemExit(f"{recordings.NAME}: {self.path} has {rate} Hz, {RATE} are needed")
        return samples.mean(1, dtype=np.float32)


class Corpus:
    """Utterances of a data directory, and a trial list over them."""

    def __init__(self, folder, utterances, trials):
        """folder: svdist's data directory; trials: the path of the list."""
        self.folder, self.utterances, self.trials = folder, utterances, trials
        self.found = {}

    @classmethod
    def whole(cls, folder):
        """All of a data directory, with its own trials."""
        speakers = listed(folder / "utt2spk")
        utterances = [
            Utterance(name, speakers[name], folder / path) for name, path in listed(folder / "wav.scp").items()]
        return cls(folder, utterances, folder / "trials")

    def part(self, count, work):
        """Ten utterances of each speaker, `count` in all, and a trial of each two, in a folder."""
        each = 10
        by_speaker = {}
        for utterance in sorted(self.utterances, key=lambda one: one.name):
            by_speaker.setdefault(utterance.speaker, []).append(utterance)
        full = [ones[:each] for ones in by_speaker.values() if len(ones) >= each]
        chosen = [one for ones in full for one in ones][:count]
        trials = work / "trials"
        trials.write_text("".join(
            f"{one.name} {other.name} {'target' if one.speaker == other.speaker else 'nontarget'}\n"
            for index, one in enumerate(chosen) for other in chosen[:index]))
        return Corpus.written(chosen, trials, work)

    @classmethod
    def written(cls, utterances, trials, work):
        """A corpus with a data directory `data` of its own in a folder."""
        recordings.write_corpus(
            [one.path.resolve() for one in utterances], work, [one.name for one in utterances],
            [one.speaker for one in utterances])
        return cls(work / "data", utterances, trials)

    def as_wav(self, work, seconds=None):
        """The utterances, or their beginnings, as 16-bit WAV files, in a new folder."""
        work.mkdir()
        copies = [Utterance(one.name, one.speaker, work / f"{one.name}.wav") for one in self.utterances]
        for one, copy in zip(self.utterances, copies):
            soundfile.write(copy.path, one.samples[:round(seconds * RATE) if seconds else None], RATE)
        return Corpus.written(copies, self.trials, work)

    def ours(self, model):
        """svdist's embeddings by a model file, in the order of the utterances, and its EER in percent."""
        if model not in self.found:
            names = [one.name for one in self.utterances]
            vectors = recordings.embedded(model, names, model.parent, self.folder)
            result = recordings.run(
                SVDIST, "evaluate", "--embeddings", model.with_name("embeddings.safetensors"), "--trials", self.trials,
                "--json")
            self.found[model] = vectors, json.loads(result)["eer"]
        return self.found[model]

    def their_eer(self, vectors):
        """The EER in percent of cosines of a tool's embeddings, by NumPy alone."""
        vectors = np.stack(vectors).astype(np.float64)
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        rows = {one.name: row for row, one in enumerate(self.utterances)}
        trials = [line.split() for line in self.trials.read_text().splitlines()]
        pairs = np.array([[rows[one], rows[other]] for one, other, _ in trials])
        scores = np.einsum("ij,ij->i", vectors[pairs[:, 0]], vectors[pairs[:, 1]])
        return metrics.grouped(scores, np.array([answer == "target" for _, _, answer in trials]))["eer"]
