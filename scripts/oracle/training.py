"""Twenty steps of training: both objectives, min-norm over the encoder's parameters, clipping, PyTorch's optimisers.

A step: batch n mod 4; margin and learning rate of the step's number; classification with the margin, contrastive loss
with class-aware attention (weight, normalised, a constant in the gradient); alpha from the encoder's two gradients;
encoder: alpha g1 + (1 - alpha) g2, clipped; prototypes: the classification's gradient, clipped on its own.
"""

import math

import torch

from . import contrastive, ecapa, optimizers, solver
from .classification import case as classification_case
from .classification import logits
from .draws import Draws
from .margins import unit

STEPS, BATCHES, ROWS = 20, 4, 8
SPEAKERS = [0, 0, 1, 1, 2, 2, 3, 3]
CLASSES = 4
SCALE, MARGIN, MARGIN_END = 16.0, 0.2, 15
CONTRASTIVE = {"form": "angle", "denominator": "margined", "mode": "weight", "normalize": True, "stopGradient": True,
               "warmup": 1.0, "scale": SCALE, "subcenters": 1, "temperature": 0.1, "margin": 0.2}
GRADIENT_NORM = 2.0
CASES = [
    {"name": "sgd", "kind": "sgd", "momentum": 0.9, "nesterov": True, "weightDecay": 1e-2, "initial": 0.02,
     "final": 0.005},
    {"name": "adamw", "kind": "adamw", "beta1": 0.9, "beta2": 0.98, "epsilon": 1e-3, "weightDecay": 1e-1,
     "initial": 0.003, "final": 0.001},
]


def margin(step):
    """wespeaker's exponential rise."""
    return MARGIN if step >= MARGIN_END else MARGIN * (1 - math.exp(math.log(1e-3) * step / MARGIN_END))


def rate(step, settings):
    return settings["initial"] * math.exp(math.log(settings["final"] / settings["initial"]) * step / STEPS)


def losses(encoder_state, prototypes, features, step):
    encoder = ecapa.Encoder(encoder_state, training=True)
    x = encoder.embeddings(features)
    own = torch.nn.functional.one_hot(torch.tensor(SPEAKERS), CLASSES).bool()
    settings = classification_case("", "angular", scale=SCALE, margin=margin(step))
    classified = -torch.log_softmax(logits(unit(x), prototypes, own, settings), dim=1)[own].mean()
    contrasted, _ = contrastive.loss(x, prototypes.detach(), SPEAKERS, CONTRASTIVE)
    return classified, contrasted, encoder.updated


def clip(gradients):
    length = torch.sqrt(sum((g**2).sum() for g in gradients))
    return [g * (GRADIENT_NORM / length) if length > GRADIENT_NORM else g for g in gradients]


def train(settings, parameters, statistics, prototypes, batches):
    leaves = {name: value.clone().requires_grad_() for name, value in parameters.items()}
    prototypes = prototypes.clone().requires_grad_()
    everything = [*leaves.values(), prototypes]
    stepper = optimizers.optimizer(settings, [
        {"params": [p for p in everything if p.dim() > 1], "weight_decay": settings["weightDecay"]},
        {"params": [p for p in everything if p.dim() == 1], "weight_decay": 0.0}])
    record = []
    for step in range(STEPS):
        classified, contrasted, updated = losses(leaves | statistics, prototypes, batches[step % BATCHES], step)
        first = torch.autograd.grad(classified, everything, retain_graph=True)
        second = torch.autograd.grad(contrasted, list(leaves.values()))
        flat = torch.stack([torch.cat([g.flatten() for g in gs]) for gs in (first[:-1], second)])
        alpha, _ = solver.two((flat @ flat.T).tolist())
        direction = clip([alpha * a + (1 - alpha) * b for a, b in zip(first, second)]) + clip([first[-1]])
        for parameter, gradient in zip(everything, direction):
            parameter.grad = gradient
        for group in stepper.param_groups:
            group["lr"] = rate(step, settings)
        stepper.step()
        statistics = statistics | updated
        record.append({"classification": classified.item(), "contrastive": contrasted.item(), "alpha": alpha,
                       "norms": flat.norm(dim=1).tolist()})
    return leaves, statistics, prototypes, record


def golden():
    draws = Draws(20236)
    parameters, statistics = ecapa.draw_state(draws, ecapa.shapes(), rectified="conv.bias")
    prototypes = draws.normal(CLASSES, ecapa.EMBEDDING)
    speakers = draws.normal(CLASSES, ecapa.BINS, 1)
    batches = [0.5 * speakers[SPEAKERS] + draws.normal(ROWS, ecapa.BINS, ecapa.FRAMES) for _ in range(BATCHES)]
    batches = [batch.float().double() for batch in batches]
    tensors = {f"parameter/{name}": value for name, value in parameters.items()}
    tensors |= {f"before/{name}": value for name, value in statistics.items()}
    tensors |= {f"batch.{n}": batch for n, batch in enumerate(batches)} | {"parameter/projection.weight": prototypes}
    cases = []
    for settings in CASES:
        leaves, after, trained, record = train(settings, parameters, statistics, prototypes, batches)
        name = settings["name"]
        tensors |= {f"{name}/{key}": value.detach() for key, value in leaves.items()}
        tensors |= {f"{name}/{key}": value for key, value in after.items()}
        tensors[f"{name}/projection.weight"] = trained.detach()
        cases.append(settings | {"steps": record})
    return tensors, {"speakers": SPEAKERS, "gradientNorm": GRADIENT_NORM, "scale": SCALE, "margin": MARGIN,
                     "marginEnd": MARGIN_END, "temperature": CONTRASTIVE["temperature"], "cases": cases}
