"""Learning rates and margins by step: one-cycle rates from PyTorch's OneCycleLR, the others from their formulas (the
exponential ones are those of wespeaker's utils/schedulers.py)."""

import json
import math

import torch


def one_cycle(steps, maximum, rise, divisor, finalDivisor):
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, max_lr=maximum, total_steps=steps, pct_start=rise, anneal_strategy="cos",
        cycle_momentum=False, div_factor=divisor, final_div_factor=finalDivisor)
    rates = []
    for step in range(steps):
        rates.append(float(optimizer.param_groups[0]["lr"]))
        optimizer.step()
        if step < steps - 1:
            schedule.step()
    return rates


def warm(step, warmup):
    return step / warmup if step < warmup else 1.0


def exponential(step, steps, initial, final):
    return initial * math.exp(step / steps * math.log(final / initial))


def cosine(step, steps, initial, final):
    return final + 0.5 * (initial - final) * (1 + math.cos(math.pi * step / steps))


def falling(step, initial, factor, every):
    return initial * factor ** (step // every)


def margin(step, course, initial, final, start, end):
    if course == "constant" or step >= end:
        return final
    if step < start:
        return initial
    progress = (step - start) / (end - start)
    if course == "linear":
        return initial + (final - initial) * progress
    return initial + (final - initial) * (1 - math.exp(progress * math.log(1e-3)))


def learning_rates():
    cases = []
    for steps, warmup, initial, final in [(50, 0, 0.1, 5e-5), (40, 8, 0.1, 5e-5), (30, 30, 1e-4, 2.5e-5)]:
        for course, rate in [("exponential", exponential), ("cosine", cosine)]:
            cases.append({
                "type": course, "steps": steps, "warmup": warmup, "initial": initial, "final": final,
                "rates": [warm(step, warmup) * rate(step, steps, initial, final) for step in range(steps)]})
    for steps, warmup, initial, factor, every in [(20, 0, 0.1, 0.1, 7), (20, 5, 0.2, 0.5, 4)]:
        cases.append({
            "type": "step", "steps": steps, "warmup": warmup, "initial": initial, "factor": factor, "every": every,
            "rates": [warm(step, warmup) * falling(step, initial, factor, every) for step in range(steps)]})
    cases.append({"type": "constant", "steps": 6, "warmup": 3, "initial": 0.01,
                  "rates": [warm(step, 3) * 0.01 for step in range(6)]})
    for steps, maximum, rise, divisor, finalDivisor in [
            (60, 2e-3, 0.3, 25.0, 1e4), (37, 0.1, 0.45, 10.0, 100.0), (10, 1.0, 1.0, 25.0, 1e4),
            (10, 1.0, 0.0, 25.0, 1e4), (3, 1.0, 0.3, 25.0, 1e4), (1, 1.0, 0.3, 25.0, 1e4)]:
        cases.append({
            "type": "one-cycle", "steps": steps, "warmup": 0, "maximum": maximum, "rise": rise, "divisor": divisor,
            "finalDivisor": finalDivisor, "rates": one_cycle(steps, maximum, rise, divisor, finalDivisor)})
    return cases


def margins():
    cases = []
    for course in ["exponential", "linear", "constant"]:
        for initial, final, start, end in [(0.0, 0.2, 0, 20), (0.05, 0.3, 5, 17), (0.0, 0.2, 0, 0)]:
            cases.append({
                "type": course, "initial": initial, "final": final, "start": start, "end": end,
                "margins": [margin(step, course, initial, final, start, end) for step in range(25)]})
    return cases


def golden():
    return None, {"learningRates": learning_rates(), "margins": margins()}


def text(record):
    """A case a line."""
    rows = {key: ",\n".join("    " + json.dumps(case) for case in record[key]) for key in ["learningRates", "margins"]}
    return (f'{{\n  "generator": "{record["generator"]}",\n  "learningRates": [\n{rows["learningRates"]}\n  ],\n'
            f'  "margins": [\n{rows["margins"]}\n  ]\n}}\n')
