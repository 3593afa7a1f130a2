"""PyTorch's own SGD, Adam and AdamW, five steps in double precision, weight decay on the leading entries only."""

import torch

from .draws import Draws

ENTRIES, DECAYED, STEPS = 9, 6, 5
RATES = [0.05, 0.1, 0.1, 0.04, 0.01]


def case(name, kind, **settings):
    return {"name": name, "kind": kind} | settings


CASES = [
    case("sgd", "sgd", momentum=0.0, nesterov=False, weightDecay=0.0),
    case("sgd-momentum", "sgd", momentum=0.9, nesterov=False, weightDecay=1e-2),
    case("sgd-nesterov", "sgd", momentum=0.9, nesterov=True, weightDecay=1e-2),
    case("adam", "adam", beta1=0.9, beta2=0.999, epsilon=1e-8, weightDecay=0.0),
    case("adam-decay", "adam", beta1=0.9, beta2=0.999, epsilon=1e-8, weightDecay=1e-2),
    case("adamw", "adamw", beta1=0.9, beta2=0.98, epsilon=1e-6, weightDecay=5e-2),
]


def optimizer(settings, groups):
    if settings["kind"] == "sgd":
        return torch.optim.SGD(groups, lr=1.0, momentum=settings["momentum"], nesterov=settings["nesterov"])
    kind = {"adam": torch.optim.Adam, "adamw": torch.optim.AdamW}[settings["kind"]]
    return kind(groups, lr=1.0, betas=(settings["beta1"], settings["beta2"]), eps=settings["epsilon"])


def golden():
    draws = Draws(20235)
    start, gradients = draws.normal(ENTRIES), draws.normal(STEPS, ENTRIES)
    cases = []
    for settings in CASES:
        decayed, plain = start[:DECAYED].clone().requires_grad_(), start[DECAYED:].clone().requires_grad_()
        stepper = optimizer(settings, [{"params": [decayed], "weight_decay": settings["weightDecay"]},
                                       {"params": [plain], "weight_decay": 0.0}])
        path = []
        for rate, gradient in zip(RATES, gradients):
            for group in stepper.param_groups:
                group["lr"] = rate
            decayed.grad, plain.grad = gradient[:DECAYED].clone(), gradient[DECAYED:].clone()
            stepper.step()
            path.append(torch.cat([decayed, plain]).tolist())
        cases.append(settings | {"parameters": path})
    return None, {"start": start.tolist(), "decayed": DECAYED, "rates": RATES, "gradients": gradients.tolist(),
                  "cases": cases}
