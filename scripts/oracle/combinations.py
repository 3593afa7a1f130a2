"""Combinations of gradients by other rules than min-norm, computed from the gradients themselves.

- PCGrad (Yu et al. 2020, algorithm 1, the others in ascending order): projections of vectors.
- CAGrad (Liu et al. 2021, section 3.1): the dual over the simplex by SciPy's SLSQP from many starts, the best of them;
  the direction is divided by 1 + c², as the authors do.
- Nash-MTL (Navon et al. 2022, theorem 3.2): the least point of the potential whose slope is Gα - 1/α, by Newton's method
  with halved steps.
- min-norm with a least weight: SLSQP over the bounded simplex.

A record has the direction, which is unique where the weights are not.
"""

import numpy as np
from scipy.optimize import minimize

from .draws import Draws

RADII = [0.2, 0.5, 0.9]
FLOORS = [0.1, 0.3]


def surgery(g):
    total = np.zeros(g.shape[1])
    for own in range(len(g)):
        vector = g[own].copy()
        for other in range(len(g)):
            inner = vector @ g[other]
            if other != own and inner < 0:
                vector = vector - inner / (g[other] @ g[other]) * g[other]
        total += vector
    return total


def least(function, k, low=0.0):
    """The least point of a convex function over the simplex whose weights are at least `low`."""
    starts = [np.full(k, 1 / k)] + [np.full(k, low) + (1 - k * low) * corner for corner in np.eye(k)]
    found = [
        minimize(function, start, method="SLSQP", bounds=[(low, 1)] * k, options={"ftol": 1e-15, "maxiter": 1000},
                 constraints={"type": "eq", "fun": lambda w: w.sum() - 1})
        for start in starts
    ]
    return min(found, key=lambda result: result.fun).x


def conflict_averse(g, radius):
    mean = g.mean(axis=0)
    reach = radius * np.linalg.norm(mean)
    weights = least(lambda w: (w @ g) @ mean + reach * np.sqrt((w @ g) @ (w @ g) + 1e-30), len(g))
    combined = weights @ g
    return (mean + reach / np.linalg.norm(combined) * combined) / (1 + radius**2)


def nash(g):
    gram = g @ g.T
    scale = 1 / np.sqrt(np.diag(gram))
    unit = gram * np.outer(scale, scale)
    potential = lambda a: 0.5 * a @ unit @ a - np.log(a).sum()
    alpha = np.ones(len(g))
    for _ in range(200):
        slope, curvature = unit @ alpha - 1 / alpha, unit + np.diag(alpha**-2)
        way, step = -np.linalg.solve(curvature, slope), 1.0
        while (alpha + step * way).min() <= 0 or potential(alpha + step * way) > potential(alpha) + 1e-15:
            step /= 2
            if step < 1e-12:
                break
        else:
            alpha = alpha + step * way
            continue
        break
    assert np.abs(alpha * (unit @ alpha) - 1).max() < 1e-7
    return (scale * alpha) @ g


def floored(g, floor):
    return least(lambda w: (w @ g) @ (w @ g), len(g), floor) @ g


def record(name, gradients):
    g = np.asarray(gradients, dtype=np.float64)
    return {
        "name": name, "gradients": g.tolist(), "surgery": surgery(g).tolist(), "nash": nash(g).tolist(),
        "conflictAverse": [{"radius": radius, "direction": conflict_averse(g, radius).tolist()} for radius in RADII],
        "floored": [
            {"floor": floor, "direction": floored(g, floor).tolist()} for floor in FLOORS if floor * len(g) <= 1],
    }


def golden():
    draws = Draws(20261130)
    a, b = draws.normal(8).numpy(), draws.normal(8).numpy()
    records = [
        record("two, as drawn", [a, b]),
        record("two in conflict", [a, b - 1.5 * a]),
        record("two of unequal lengths in conflict", [10 * a, 0.3 * b - 0.2 * a]),
        record("two that agree", [a, 0.5 * a + 0.2 * b]),
        record("the shorter inside the longer", [5 * a, a + 0.01 * b]),
    ]
    for number, (k, d) in enumerate([(3, 6), (3, 6), (4, 8)]):
        records.append(record(f"{k}, draw {number}", draws.normal(k, d).numpy()))
    return None, {"cases": records}
