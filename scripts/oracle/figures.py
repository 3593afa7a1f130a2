"""Detection figures of trials with weights: Cllr, minCllr by SciPy's isotonic regression, and costs at given thresholds.

Scores are whole numbers over 4, many of them equal, which serve as log-likelihood ratios. A weight says how often a trial
counts, so that every figure is that of the trials repeated so often. Trials of equal scores have one share of targets in the
isotonic regression, which their sums as one point with their weight give.
"""

import numpy as np
from scipy.optimize import isotonic_regression

from oracle import metrics

COUNT, SEED = 400, 1955
PRIORS = [0.01, 0.05, 0.5]


def min_cllr(scores, targets, weights):
    levels, group = np.unique(scores, return_inverse=True)
    ones = np.bincount(group, weights * targets, len(levels))
    all_ = np.bincount(group, weights, len(levels))
    held = all_ > 0
    share = isotonic_regression(ones[held] / all_[held], weights=all_[held]).x
    prior = ones.sum() / all_.sum()
    with np.errstate(divide="ignore"):
        ratio = np.log(share) - np.log1p(-share) - np.log(prior / (1 - prior))
    with np.errstate(invalid="ignore"):
        of_targets = np.where(ones[held] > 0, ones[held] * np.logaddexp(0, -ratio), 0)
        of_others = np.where(all_[held] > ones[held], (all_ - ones)[held] * np.logaddexp(0, ratio), 0)
    return 0.5 * (of_targets.sum() / ones.sum() + of_others.sum() / (all_ - ones).sum()) / np.log(2)


def figures(scores, targets, weights):
    scores, targets = np.repeat(scores, weights), np.repeat(targets, weights)
    ones = np.ones(len(scores))
    cllr = 0.5 * (np.logaddexp(0, -scores[targets]).mean() + np.logaddexp(0, scores[~targets]).mean()) / np.log(2)
    actual = []
    for prior in PRIORS:
        accepted = scores > np.log((1 - prior) / prior)
        cost = prior * (~accepted[targets]).mean() + (1 - prior) * accepted[~targets].mean()
        actual.append(float(cost / min(prior, 1 - prior)))
    order = np.argsort(scores, kind="stable")
    misses, false_alarms = metrics.rates(scores, targets, order)
    last = np.append(np.diff(scores[order]) > 0, True)
    return {"eer": float(100 * metrics.eer(misses[last], false_alarms[last])),
            "minDCF": [float(min(metrics.min_dcf(misses[last], false_alarms[last], prior), 1.0)) for prior in PRIORS],
            "actualDCF": actual, "cllr": float(cllr), "minCllr": float(min_cllr(scores, targets, ones))}


def golden():
    draws = np.random.default_rng(SEED)
    targets = draws.random(COUNT) < 0.3
    scores = np.round(draws.normal(np.where(targets, 2.5, -2.5), 2.2) * 4) / 4
    weights = draws.integers(0, 4, COUNT)
    return None, {
        "scores": scores.tolist(), "targets": targets.tolist(), "weights": weights.tolist(), "priors": PRIORS,
        "equal": figures(scores, targets, np.ones(COUNT, dtype=int)), "weighted": figures(scores, targets, weights)}
