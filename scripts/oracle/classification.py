"""Margin softmax classification: L = -(1/M) sum_i log softmax_k(l_ik)[y_i], l = scale * (margined) cosines.

kinds: softmax (l = scale cos), additive (cos - m on the speaker's own class), angular (phi of margins.angular there).
interTopK: the k highest wrong classes of a row get cos(theta - m'), m' = 0.06 margin / 0.2.
"""

import math

import torch

from .draws import Draws, rounded
from .margins import angular, class_cosines, unit

ROWS, DIMENSIONS, CLASSES, SUBCENTERS = 10, 6, 9, 3
SPEAKERS = [0, 0, 1, 3, 3, 3, 5, 6, 7, 8]
OPPOSITE_ROW = 4


def case(name, kind, scale=32.0, margin=0.2, subcenters=1, inter_top_k=0):
    return {"name": name, "kind": kind, "scale": scale, "margin": margin, "subcenters": subcenters,
            "interTopK": inter_top_k, "interTopKMargin": 0.06 * margin / 0.2 if inter_top_k else 0.0}


CASES = [
    case("softmax", "softmax", margin=0.0),
    case("additive", "additive"),
    case("angular", "angular"),
    case("angular-0", "angular", margin=0.0),
    case("angular-0.5", "angular", margin=0.5),
    case("angular-scale-8", "angular", scale=8.0),
    case("subcenters", "angular", subcenters=SUBCENTERS),
    case("inter-top-k", "angular", inter_top_k=5),
    case("inter-top-k-0.1", "angular", margin=0.1, inter_top_k=5),
    case("inter-top-k-subcenters", "angular", subcenters=SUBCENTERS, inter_top_k=5),
]


def logits(z, prototypes, own, settings):
    cosine = class_cosines(z, prototypes, settings["subcenters"])
    if settings["kind"] == "softmax":
        target = cosine
    elif settings["kind"] == "additive":
        target = cosine - settings["margin"]
    else:
        target = angular(cosine, settings["margin"])
    other = cosine
    if settings["interTopK"]:
        highest = (cosine - 4 * own.double()).topk(settings["interTopK"], dim=1).indices
        hard = torch.zeros_like(own).scatter(1, highest, True)
        m = settings["interTopKMargin"]
        other = torch.where(hard, cosine * math.cos(m) + torch.sqrt(1 - cosine**2) * math.sin(m), cosine)
    return settings["scale"] * torch.where(own, target, other)


def golden():
    draws = Draws(20232)
    prototypes = draws.normal(CLASSES, DIMENSIONS)
    offsets = draws.normal(CLASSES * SUBCENTERS, DIMENSIONS, scale=0.5)
    subcentered = rounded(prototypes.repeat_interleave(SUBCENTERS, dim=0) + offsets)
    speakers = torch.tensor(SPEAKERS)
    directions = 0.8 * unit(prototypes)[speakers] + draws.normal(ROWS, DIMENSIONS, scale=0.45)
    # One row nearly opposite its prototype, where the margin's extension holds (for the single centres).
    directions[OPPOSITE_ROW] = -unit(prototypes)[speakers[OPPOSITE_ROW]] + 0.25 * directions[OPPOSITE_ROW]
    embeddings = rounded(directions * draws.uniform(ROWS, 1, low=0.5, high=3.0))
    own = torch.nn.functional.one_hot(speakers, CLASSES).bool()

    tensors = {"embeddings": embeddings, "prototypes": prototypes, "prototypes.subcenters": subcentered}
    cases = []
    for settings in CASES:
        x = embeddings.clone().requires_grad_()
        w = (prototypes if settings["subcenters"] == 1 else subcentered).clone().requires_grad_()
        values = logits(unit(x), w, own, settings)
        loss = -torch.log_softmax(values, dim=1)[own].mean()
        gradients = torch.autograd.grad(loss, [x, w])
        name = settings["name"]
        tensors |= {f"{name}/logits": values.detach(), f"{name}/gradient.embeddings": gradients[0],
                    f"{name}/gradient.prototypes": gradients[1]}
        cases.append(settings | {"loss": loss.item()})
    return tensors, {"speakers": SPEAKERS, "classes": CLASSES, "cases": cases}
