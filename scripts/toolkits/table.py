"""The rows of scripts/exchange's table."""

from dataclasses import dataclass

import numpy as np

from oracle import recordings

COSINE, EER = 0.99999, 0.01
WIDTHS = (33, 20, 46, 10)


@dataclass
class Row:
    """What one encoder gives in svdist and in a tool on the same utterances.

    direction: who made the weights and who reads them; cosine: the least of an utterance's two embeddings; centred: the
    same after the mean of the tool's embeddings is subtracted, which counts where those of all utterances are alike;
    ours, theirs: EERs in percent; least, most: the bounds of both cosines and of the EERs' difference, or None.
    """

    encoder: str
    direction: str
    tool: str
    count: int
    cosine: float
    centred: float
    ours: float
    theirs: float
    least: float | None
    most: float | None

    @property
    def is_met(self):
        close = self.most is None or abs(self.ours - self.theirs) <= self.most
        return close and (self.least is None or min(self.cosine, self.centred) >= self.least)

    def __str__(self):
        words = "" if self.is_met else "  MISSED"
        if self.least is None and self.most is None:
            words = "  no bound"
        return (columns(self.encoder, self.direction, self.tool, str(self.count))
                + f" {self.cosine:>12.8f} {self.centred:>12.8f} {self.ours:>8.3f} {self.theirs:>8.3f}{words}")


def columns(*words):
    return " ".join(word.ljust(width) for word, width in zip(words, WIDTHS))


def heading():
    words = columns("encoder", "direction", "tool", "utterances")
    return f"{words} {'worst cosine':>12} {'minus mean':>12} {'EER':>8} {'its EER':>8}"


def row(corpus, encoder, direction, tool, model, theirs, least=COSINE, most=EER):
    """The row of svdist's embeddings by a model file and a tool's of the same corpus."""
    vectors, ours = corpus.ours(model)
    mean = np.mean(theirs, axis=0, dtype=np.float64)
    return Row(
        encoder, direction, tool, len(vectors), recordings.least_cosine(vectors, theirs),
        recordings.least_cosine(vectors - mean, theirs - mean), ours, corpus.their_eer(theirs), least, most)
