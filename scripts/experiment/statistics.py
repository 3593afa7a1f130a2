"""Error rates of trials, and differences between rows with intervals over speakers and seeds."""

import math
from dataclasses import dataclass

import numpy as np

RESAMPLES = 1000
LEVEL = 0.05


class Trials:
    """The trials of a corpus and, for each resample of its speakers, the weight of each trial: how often its speaker was
    drawn, or the product for two speakers."""

    def __init__(self, path, speakers, resamples=RESAMPLES):
        lines = [line.split() for line in open(path)]
        self.is_target = np.array([answer == "target" for *_, answer in lines])
        numbers = {speaker: number for number, speaker in enumerate(sorted(set(speakers.values())))}
        sides = np.array([[numbers[speakers[one]], numbers[speakers[other]]] for one, other, _ in lines])
        draw = np.random.default_rng(1)
        self.weights = []
        for _ in range(resamples):
            counts = np.bincount(draw.integers(len(numbers), size=len(numbers)), minlength=len(numbers)).astype(np.float32)
            first, second = counts[sides[:, 0]], counts[sides[:, 1]]
            self.weights.append(np.where(sides[:, 0] == sides[:, 1], first, first * second))


def scores(path):
    return np.array([float(line.split()[2]) for line in open(path)])


class Ranked:
    """Scores in ascending order. Equal ones are one point of the ROC."""

    def __init__(self, values, is_target):
        self.order = np.argsort(values, kind="stable")
        self.target = is_target[self.order]
        self.ends = np.flatnonzero(np.append(np.diff(values[self.order]) > 0, True))

    def eer(self, weights=None):
        """The equal error rate in percent, between the two points of the ROC where misses pass false alarms."""
        weight = np.ones(len(self.order)) if weights is None else weights[self.order].astype(np.float64)
        below, all_below = np.cumsum(weight * self.target)[self.ends], np.cumsum(weight)[self.ends]
        misses, rejections = np.append(0, below), np.append(0, all_below - below)
        miss, alarm = misses / misses[-1], 1 - rejections / rejections[-1]
        after = int(np.argmax(miss >= alarm))
        rise, fall = miss[after] - miss[after - 1], alarm[after - 1] - alarm[after]
        share = (alarm[after - 1] - miss[after - 1]) / (rise + fall)
        return 100 * (miss[after - 1] + share * rise)


def eer(values, is_target):
    return Ranked(values, is_target).eer()


def resampled(values, trials):
    """The EER on each resample."""
    ranked = Ranked(values, trials.is_target)
    return np.array([ranked.eer(weights) for weights in trials.weights])


@dataclass
class Difference:
    """The mean difference of a row's EER to another's, over the seeds that both have."""

    value: float
    low: float
    high: float
    p: float


def difference(own, base, own_resampled, base_resampled):
    """EERs by seed and their resamples, seeds × resamples, of two rows with the same seeds. Seeds are resampled too."""
    each = np.array(own) - np.array(base)
    draw = np.random.default_rng(2)
    picks = draw.integers(len(each), size=(own_resampled.shape[1], len(each)))
    gaps = own_resampled - base_resampled
    means = np.array([gaps[pick, index].mean() for index, pick in enumerate(picks)])
    spread = max(means.std(ddof=1), 1e-9)
    z = abs(each.mean()) / spread
    low, high = np.quantile(means, [LEVEL / 2, 1 - LEVEL / 2])
    return Difference(each.mean(), low, high, math.erfc(z / math.sqrt(2)))


def holm(probabilities):
    """Probabilities that are corrected for their number (Holm 1979)."""
    order = sorted(range(len(probabilities)), key=probabilities.__getitem__)
    corrected, least = [1.0] * len(order), 0.0
    for rank, index in enumerate(order):
        least = max(least, min(1.0, (len(order) - rank) * probabilities[index]))
        corrected[index] = least
    return corrected
