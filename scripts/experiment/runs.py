"""Trainings of the ablation and their scores. A training that was stopped goes on; one that is done is only read."""

import csv
import hashlib
import json
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from .corpora import EVALUATED
from .rows import RATES, TUNED_SEED

COURSE = Path(__file__).resolve().parents[2] / "configurations/experiment.yaml"
# The ways in which a corpus is scored: by the cosine, and less the corpus's mean embedding.
WAYS = {"raw": [], "minus mean": ["--subtract-mean", "own"]}


@dataclass(frozen=True)
class Scores:
    """The scores of one training on one corpus."""

    corpus: str
    way: str
    path: Path


class Runs:
    def __init__(self, svdist, corpora, folder, threads, budget=1):
        self.svdist, self.corpora, self.folder, self.threads = str(svdist), corpora, Path(folder), threads
        self.budget = budget

    def call(self, *words, log=None):
        with open(log or "/dev/null", "a") as file:
            done = subprocess.run([self.svdist, *map(str, words)], stdout=subprocess.PIPE, stderr=file, text=True)
            file.write(done.stdout)
        if done.returncode != 0:
            raise SystemExit(f"ablation: svdist {words[0]} ended with {done.returncode}; see {log}")
        return done.stdout

    def settings(self, row, rate):
        """All settings of a row beyond the course, in the order in which they count."""
        own = [setting.replace("DATA", str(self.corpora.data)) for setting in row.settings]
        more = [f"training.steps={600 * self.budget}", f"schedule.margin.end={300 * self.budget}"] if self.budget > 1 else []
        return [f"schedule.learningRate.maximum={rate}", *more, *own]

    def train(self, name, settings, seed, corpus):
        run = self.folder / name
        if not (run / "done").exists():
            run.mkdir(parents=True, exist_ok=True)
            start = time.monotonic()
            words = [word for setting in [f"seed={seed}", f"corpus.train={corpus}", *settings] for word in ("--set", setting)]
            self.call("train", "--config", COURSE, "--run-dir", run / "run", "--threads", self.threads, "--log-every", 200,
                      *words, log=run / "log")
            (run / "done").write_text(f"{time.monotonic() - start:.1f}\n")
        return run

    def identity(self, settings):
        """A short digest of the course and a row's settings, without the paths of the corpora."""
        text = COURSE.read_text() + "\n".join(settings).replace(str(self.corpora.data), "DATA")
        return hashlib.sha256(text.encode()).hexdigest()[:12]

    def tuned_rate(self, row):
        """The rate of the grid with the lowest EER on the speakers that were set aside; the EERs by rate."""
        train, aside = self.corpora.tuning()
        errors = {}
        for rate in RATES:
            run = self.train(f"tuning/{row.name}-{rate}", self.settings(row, rate), TUNED_SEED, train)
            result = run / "aside.json"
            if not result.exists():
                text = self.call("evaluate", "--encoder", run / "run", "--corpus", aside, "--trials", aside / "trials", "--json",
                                 log=run / "log")
                result.write_text(text)
            errors[rate] = json.loads(result.read_text())["eer"]
        return min(RATES, key=lambda rate: (errors[rate], RATES.index(rate))), errors

    def row(self, row, seed):
        """Trains a row from a seed at its tuned rate and scores it."""
        rate, _ = self.tuned_rate(row)
        settings = self.settings(row, rate)
        suffix = f"x{self.budget}" if self.budget > 1 else ""
        run = self.train(f"rows/{row.name}{suffix}-{seed}", settings, seed, self.corpora.train)
        return run, rate, self.identity(settings), [self.scored(run, corpus, way) for corpus in EVALUATED for way in WAYS]

    def scored(self, run, corpus, way):
        path = run / f"{corpus}-{way.replace(' ', '-')}.scores"
        if not path.exists():
            folder, part = self.corpora.evaluated(corpus), path.with_suffix(".part")
            embeddings = run / f"{corpus}.safetensors"
            if not embeddings.exists():
                self.call("embed", "--encoder", run / "run", "--corpus", folder, "--output", embeddings, "--minimum-speech", 0,
                          log=run / "log")
            self.call("evaluate", "--embeddings", embeddings, "--trials", folder / "trials", "--scores", part, *WAYS[way],
                      log=run / "log")
            part.rename(path)
        return Scores(corpus, way, path)

    def steps(self, run):
        """The numbers of each step of a training: its metrics.jsonl."""
        with open(run / "run/metrics.jsonl") as file:
            return [json.loads(line) for line in file]

    def rate_of_training(self, run):
        """The median of the steps' utterances per second."""
        rates = sorted(step["utterancesPerSecond"] for step in self.steps(run))
        return rates[len(rates) // 2]


def write_csv(path, records):
    with open(path, "w", newline="") as file:
        writer = csv.DictWriter(file, fieldnames=list(records[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(records)
