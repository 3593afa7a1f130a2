"""The shortest vector in the convex hull of gradients (Desideri 2012; Sener and Koltun 2018).

Two objectives: the closed form, corners first; an objective whose gradient is zero is left out and the other keeps
weight 1. More: every subset of the objectives as support, its stationary point by elimination, the shortest feasible.
Normalisation (for finding the weights only) divides each gradient by its length (l2), its loss, or both (loss+).
"""

import itertools

import numpy as np
import torch

from .draws import Draws

LOSSES = [7.25, 2.5, 0.75, 4.0]


def two(gram):
    (aa, ab), (_, bb) = gram
    if aa == 0 or bb == 0:
        return [0.0, 1.0] if aa == 0 else [1.0, 0.0]
    if ab >= aa:
        return [1.0, 0.0]
    if ab >= bb:
        return [0.0, 1.0]
    alpha = (bb - ab) / (aa + bb - 2 * ab)
    return [alpha, 1 - alpha]


def exhaustive(gram):
    gram, k = np.asarray(gram), len(gram)
    best, shortest = None, np.inf
    for size in range(1, k + 1):
        for support in itertools.combinations(range(k), size):
            part = gram[np.ix_(support, support)]
            system = np.block([[part, np.ones((size, 1))], [np.ones((1, size)), np.zeros((1, 1))]])
            solution, residual, *_ = np.linalg.lstsq(system, np.append(np.zeros(size), 1.0), rcond=None)
            weights = np.zeros(k)
            weights[list(support)] = solution[:size]
            if weights.min() < 0 or abs(weights.sum() - 1) > 1e-9:
                continue
            length = weights @ gram @ weights
            if length < shortest - 1e-14:
                best, shortest = weights, length
    return best.tolist()


def record(name, gradients, losses=None):
    g = np.asarray(gradients, dtype=np.float64)
    gram = g @ g.T
    solve = two if len(g) == 2 else exhaustive
    weights = solve(gram)
    entry = {"name": name, "gradients": g.tolist(), "gram": gram.tolist(), "weights": weights,
             "squaredNorm": float(np.asarray(weights) @ gram @ np.asarray(weights))}
    if losses:
        lengths, losses = np.sqrt(np.diag(gram)), np.asarray(losses)
        divisors = {"l2": lengths, "loss": losses, "loss+": losses * lengths}
        entry["losses"] = losses.tolist()
        entry["normalized"] = {key: solve(gram / np.outer(d, d)) for key, d in divisors.items()}
    return entry


def golden():
    draws = Draws(20234)
    a, b = draws.normal(8).numpy(), draws.normal(8).numpy()
    pairs = [
        record("interior", [a, b], LOSSES[:2]),
        record("first is the shorter and inside", [0.25 * a, 0.5 * a + 0.01 * b], LOSSES[:2]),
        record("second is the shorter and inside", [2 * b + 0.05 * a, 0.5 * b], LOSSES[:2]),
        record("orthogonal, ten times as long", [[1, 0, 0], [0, 10, 0]], LOSSES[:2]),
        record("opposite", [[3, 0], [-1, 0]], LOSSES[:2]),
        record("equal", [[1, 2], [1, 2]]),
        record("parallel", [[2, 4], [1, 2]]),
        record("first is zero", [[0, 0], [1, 2]]),
        record("second is zero", [[1, 2], [0, 0]]),
    ]
    many = [record(f"{k} objectives, draw {n}", draws.normal(k, d).numpy(), LOSSES[:k])
            for n, (k, d) in enumerate([(3, 6), (3, 6), (4, 8), (4, 5)])]
    base = draws.normal(3, 6).numpy()
    combined = np.stack([base[0], base[1], 2 * base[0] + base[1]])
    many.append(record("3 objectives, one a combination of the others", combined))
    many.append(record("3 objectives, unequal lengths", base * np.array([[0.1], [1], [10]])))
    return None, {"two": pairs, "more": many}
