"""The supervised contrastive loss with an additive angular margin and class-aware attention, term by term.

L = mean over anchors i with P(i) not empty of -(1/|P(i)|) sum over p in P(i) of [psi_ip / tau - log D_i]
  margin form   angle: psi = margins.angular, cosine: cos - m, none: cos
  denominator   margined: D_i = sum_P exp(psi_ip / tau) + sum_N w_in exp(cos_in / tau)
                plain:    D_i = sum_P exp(cos_ip / tau) + sum_N w_in exp(cos_in / tau)
Attention: a_i = softmax_k(kappa cos(z_i, w_k))[y_i], A_ij = min(a_i, a_j)
  off           w = 1
  weight        w_in = A_in, normalised: |N(i)| A_in / sum of A_in' over N(i)
  logit         every logit of row i, margin applied first, times A_ij: positives too, above and below
Warm-up factor r: each multiplier (w, or A in logit mode) becomes 1 + r (multiplier - 1).
stopGradient: a is a constant; otherwise a passes its gradient on to z. The prototypes take none.
"""

import itertools

import torch

from .draws import Draws, rounded
from .margins import angular, class_cosines, unit

DIMENSIONS, CLASSES, SUBCENTERS = 6, 7, 3
SPEAKERS = [0, 0, 0, 0, 1, 1, 3, 3, 3, 4, 5, 5]
OPPOSITE_ROW = 5
TEMPERATURE, MARGIN = 0.07, 0.2
FORMS, DENOMINATORS = ("angle", "cosine", "none"), ("margined", "plain")


def cases():
    attentions = [{"mode": "off"}]
    for mode, normalize in (("weight", True), ("weight", False), ("logit", False)):
        for stop, ramp in itertools.product((True, False), (1.0, 0.4)):
            attentions.append({"mode": mode, "normalize": normalize, "stopGradient": stop, "warmup": ramp})
    defaults = {"normalize": False, "stopGradient": True, "warmup": 1.0, "scale": 8.0, "subcenters": 1}
    listed = [{"form": form, "denominator": denominator} | defaults | attention
              for form, denominator, attention in itertools.product(FORMS, DENOMINATORS, attentions)]
    listed += [{"form": "angle", "denominator": denominator} | defaults
               | {"mode": mode, "normalize": mode == "weight", "stopGradient": stop, "scale": 12.0,
                "subcenters": SUBCENTERS}
               for denominator, mode, stop in itertools.product(DENOMINATORS, ("weight", "logit"), (True, False))]
    for settings in listed:
        settings |= {"temperature": TEMPERATURE, "margin": MARGIN, "name": name(settings)}
    return listed


def name(settings):
    parts = [settings["form"], settings["denominator"], settings["mode"]]
    if settings["mode"] != "off":
        parts += ["normalized"] * settings["normalize"] + ["constant" if settings["stopGradient"] else "through"]
        parts += [f"warmup-{settings['warmup']:g}"] + ["subcenters"] * (settings["subcenters"] > 1)
    return "-".join(parts)


def attention(z, prototypes, speakers, settings):
    cosines = class_cosines(z, prototypes, settings["subcenters"])
    return torch.softmax(settings["scale"] * cosines, dim=1)[range(len(z)), speakers]


def loss(x, prototypes, speakers, settings):
    """Anchor by anchor, pair by pair; x is [M, D], not normalised."""
    z = unit(x)
    a = attention(z, prototypes, speakers, settings)
    a = a.detach() if settings["stopGradient"] else a
    tau, m, ramp, mode = settings["temperature"], settings["margin"], settings["warmup"], settings["mode"]
    anchors = []
    for i in range(len(z)):
        positives = [j for j in range(len(z)) if j != i and speakers[j] == speakers[i]]
        negatives = [j for j in range(len(z)) if speakers[j] != speakers[i]]
        if not positives:
            continue
        attended = {j: torch.minimum(a[i], a[j]) for j in positives + negatives}
        total = sum(attended[n] for n in negatives)

        def multiplier(j):
            if mode == "off" or (mode == "weight" and j in positives):
                return torch.ones((), dtype=z.dtype)
            value = attended[j]
            if mode == "weight" and settings["normalize"]:
                value = len(negatives) * value / total
            return 1 + ramp * (value - 1)

        def cosine(j):
            return (z[i] * z[j]).sum()

        def margined(j):
            return {"angle": lambda c: angular(c, m), "cosine": lambda c: c - m, "none": lambda c: c}[settings["form"]](
                cosine(j))

        below = margined if settings["denominator"] == "margined" else cosine
        if mode == "logit":
            numerators = [margined(p) * multiplier(p) / tau for p in positives]
            terms = [below(p) * multiplier(p) / tau for p in positives]
            terms += [cosine(n) * multiplier(n) / tau for n in negatives]
        else:
            numerators = [margined(p) / tau for p in positives]
            terms = [below(p) / tau for p in positives]
            terms += [torch.log(multiplier(n)) + cosine(n) / tau for n in negatives]
        logarithm = torch.logsumexp(torch.stack(terms), dim=0)
        anchors.append(-sum(n - logarithm for n in numerators) / len(positives))
    return sum(anchors) / len(anchors), len(anchors)


def golden():
    draws = Draws(20233)
    prototypes = draws.normal(CLASSES, DIMENSIONS)
    offsets = draws.normal(CLASSES * SUBCENTERS, DIMENSIONS, scale=0.5)
    subcentered = rounded(prototypes.repeat_interleave(SUBCENTERS, dim=0) + offsets)
    rows = len(SPEAKERS)
    directions = 0.7 * unit(prototypes)[SPEAKERS] + draws.normal(rows, DIMENSIONS, scale=0.4)
    # A positive pair nearly opposite each other, where the margin's extension holds.
    directions[OPPOSITE_ROW] = -unit(directions)[OPPOSITE_ROW - 1] + 0.2 * directions[OPPOSITE_ROW]
    embeddings = rounded(directions * draws.uniform(rows, 1, low=0.5, high=3.0))

    tensors = {"embeddings": embeddings, "prototypes": prototypes, "prototypes.subcenters": subcentered}
    listed = []
    for settings in cases():
        w = prototypes if settings["subcenters"] == 1 else subcentered
        x = embeddings.clone().requires_grad_()
        value, anchors = loss(x, w, SPEAKERS, settings)
        gradient, = torch.autograd.grad(value, [x])
        attended = "scale-%g-subcenters-%d" % (settings["scale"], settings["subcenters"])
        tensors[f"{settings['name']}/gradient.embeddings"] = gradient
        tensors[f"attention/{attended}"] = attention(unit(embeddings), w, SPEAKERS, settings)
        listed.append(settings | {"attention": attended, "loss": value.item(), "anchors": anchors})
    return tensors, {"speakers": SPEAKERS, "classes": CLASSES, "cases": listed}
