"""The corpora of the ablation: what it trains on, what it tunes on, and what it evaluates."""

import random
from pathlib import Path

# The corpora that are evaluated: another part of the training corpus's recordings, another channel, another language.
EVALUATED = {"speechocean": "speechocean/dev", "an4": "an4", "arabic": "arabic"}
SET_ASIDE = 25


class Corpora:
    def __init__(self, data, work):
        self.data, self.work = Path(data).resolve(), Path(work).resolve()

    @property
    def train(self):
        return self.data / "speechocean/train"

    def evaluated(self, name):
        return self.data / EVALUATED[name]

    def tuning(self):
        """Two data directories that divide the speakers of the training part: those to train on while tuning, and those
        set aside, with trials. They are written once."""
        train, aside = self.work / "tuning-train", self.work / "tuning-aside"
        if not (aside / "trials").exists():
            speakers = sorted(set(dict(self.pairs("utt2spk")).values()))
            chosen = set(random.Random(1).sample(speakers, SET_ASIDE))
            self.write(train, lambda speaker: speaker not in chosen)
            self.write(aside, lambda speaker: speaker in chosen)
            (aside / "trials").write_text(self.trials(aside))
        return train, aside

    def pairs(self, name, folder=None):
        lines = ((folder or self.train) / name).read_text().splitlines()
        return [line.split(maxsplit=1) for line in lines if line]

    def write(self, folder, takes):
        folder.mkdir(parents=True, exist_ok=True)
        speakers = {utterance: speaker for utterance, speaker in self.pairs("utt2spk") if takes(speaker)}
        with open(folder / "utt2spk", "w") as file:
            file.writelines(f"{utterance} {speaker}\n" for utterance, speaker in speakers.items())
        with open(folder / "wav.scp", "w") as file:
            file.writelines(
                f"{utterance} {self.train / path}\n" for utterance, path in self.pairs("wav.scp") if utterance in speakers)

    def trials(self, folder, each=200):
        """For each speaker `each` target trials and four times as many non-targets, drawn at random."""
        draw = random.Random(2)
        speakers = dict(self.pairs("utt2spk", folder))
        utterances = sorted(speakers)
        lines = []
        for speaker in sorted(set(speakers.values())):
            own = [utterance for utterance in utterances if speakers[utterance] == speaker]
            others = [utterance for utterance in utterances if speakers[utterance] != speaker]
            pairs = [(one, other) for index, one in enumerate(own) for other in own[index + 1:]]
            lines += [f"{one} {other} target\n" for one, other in draw.sample(pairs, min(each, len(pairs)))]
            lines += [f"{draw.choice(own)} {draw.choice(others)} nontarget\n" for _ in range(4 * each)]
        return "".join(lines)
