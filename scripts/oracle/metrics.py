"""EER and minDCF of a million scores with many ties, by wespeaker's definitions (utils/score_metrics.py).

wespeaker sorts the scores, takes the rates of misses and false alarms after each trial, interpolates the EER linearly
between the last trial before the crossing of the two rates and the first after it, and takes the least detection cost
over all trials. Trials of equal scores come in whatever order its sort leaves them in, and the rates between them
depend on it, although no threshold lies there. Here the rates are taken after the last trial of each score alone, which no
order changes; `extremes` has what wespeaker's own rule gives where equal scores have their non-targets first (the least
errors) or their targets first (the most).

Scores are not stored but made from integers: trial i draws r = splitmix64's output for state seed + (i + 1)·increment;
it is a target where r mod targetsEvery is 0; its score is the sum of the six bytes above the lowest 16 bits of r, plus
shift for a target, over 256: about normal, and exact in single precision.
"""

import numpy as np

COUNT, SEED, INCREMENT, EVERY, SHIFT = 1_000_000, 20236, 0x9E3779B97F4A7C15, 20, 450
PRIORS = [0.01, 0.05]


def trials():
    """Integer scores and which are targets."""
    with np.errstate(over="ignore"):
        z = np.uint64(SEED) + np.arange(1, COUNT + 1, dtype=np.uint64) * np.uint64(INCREMENT)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        draws = z ^ (z >> np.uint64(31))
    targets = draws % np.uint64(EVERY) == 0
    scores = sum(((draws >> np.uint64(16 + 8 * byte)) & np.uint64(255)).astype(np.int64) for byte in range(6))
    return scores + SHIFT * targets, targets


def rates(scores, targets, order):
    """Misses and false alarms after each trial in the given order of rising scores."""
    sorted_targets = targets[order]
    misses = np.cumsum(sorted_targets) / targets.sum()
    false_alarms = 1 - np.cumsum(~sorted_targets) / (~targets).sum()
    return misses, false_alarms


def eer(misses, false_alarms):
    gap = misses - false_alarms
    after, before = np.flatnonzero(gap >= 0)[0], np.flatnonzero(gap < 0)[-1]
    share = gap[after] / (gap[after] - gap[before])
    return misses[after] + share * (misses[before] - misses[after])


def min_dcf(misses, false_alarms, prior):
    return (prior * misses + (1 - prior) * false_alarms).min() / min(prior, 1 - prior)


def results(misses, false_alarms):
    return {"eer": float(100 * eer(misses, false_alarms)),
            "minDCF": [float(min_dcf(misses, false_alarms, prior)) for prior in PRIORS]}


def grouped(scores, targets):
    """EER in percent and minDCF by the rates after the last trial of each score."""
    order = np.argsort(scores)
    misses, false_alarms = rates(scores, targets, order)
    last = np.append(np.diff(scores[order]) > 0, True)
    return results(misses[last], false_alarms[last])


def golden():
    scores, targets = trials()
    orders = {"least": np.lexsort((targets, scores)), "most": np.lexsort((~targets, scores))}
    return None, {
        "recipe": {"count": COUNT, "seed": SEED, "increment": str(INCREMENT), "targetsEvery": EVERY, "shift": SHIFT},
        "targets": int(targets.sum()), "distinctScores": len(np.unique(scores)), "sum": int(scores.sum()), "priors": PRIORS,
        "groups": grouped(scores, targets),
        "extremes": {name: results(*rates(scores, targets, order)) for name, order in orders.items()}}
