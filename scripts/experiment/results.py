"""The tables and figures of the ablation, of all that is done."""

import numpy as np

from . import figures
from .corpora import EVALUATED
from .rows import CLASSIFICATION, GROUPS, ROWS
from .runs import WAYS, write_csv
from .statistics import Trials, difference, eer, holm, resampled, scores


def write(runs, folder):
    folder.mkdir(parents=True, exist_ok=True)
    done = {name: seeds for name, row in ROWS.items() if (seeds := finished(runs, row))}
    if CLASSIFICATION not in done:
        raise SystemExit(f"ablation: no table: {CLASSIFICATION}, with which rows are compared, is not trained")
    rows = {name: {seed: runs.row(ROWS[name], seed) for seed in seeds} for name, seeds in done.items()}
    measured = measure(runs, rows)
    gaps = differences(measured)
    write_csv(folder / "ablation.csv", records(runs, rows, measured))
    (folder / "ablation.md").write_text(table(rows, measured, gaps))
    for (corpus, way) in sorted({key[1:] for key in gaps}):
        name = f"{corpus}-{way.replace(' ', '-')}"
        (folder / f"{name}.svg").write_text(
            figures.forest(f"EER beside AAM-softmax alone: {corpus}, {way}", entries(gaps, corpus, way)))
    draw_courses(runs, rows, folder)


def finished(runs, row):
    suffix = f"x{runs.budget}" if runs.budget > 1 else ""
    return [seed for seed in row.seeds if (runs.folder / f"rows/{row.name}{suffix}-{seed}/done").exists()]


def measure(runs, rows):
    """For each row, corpus and way: the EERs by seed, and those of the resamples."""
    measured = {}
    for corpus in EVALUATED:
        folder = runs.corpora.evaluated(corpus)
        trials = Trials(folder / "trials", dict(runs.corpora.pairs("utt2spk", folder)))
        for name, seeds in rows.items():
            for way in WAYS:
                values = {
                    seed: scores(one.path) for seed, (*_, scored) in seeds.items() for one in scored
                    if (one.corpus, one.way) == (corpus, way)
                }
                measured[name, corpus, way] = {
                    seed: (eer(value, trials.is_target), resampled(value, trials)) for seed, value in values.items()}
    return measured


def differences(measured):
    """The difference of each row to classification alone, with its probability corrected for their number."""
    gaps = {}
    for (name, corpus, way), own in measured.items():
        base = measured[CLASSIFICATION, corpus, way]
        seeds = sorted(set(own) & set(base))
        if name == CLASSIFICATION or not seeds:
            continue
        gaps[name, corpus, way] = difference(
            [own[seed][0] for seed in seeds], [base[seed][0] for seed in seeds],
            np.stack([own[seed][1] for seed in seeds]), np.stack([base[seed][1] for seed in seeds]))
    corrected = holm([gap.p for gap in gaps.values()])
    return {key: (gap, p) for (key, gap), p in zip(gaps.items(), corrected)}


def records(runs, rows, measured):
    return [
        {"row": name, "seed": seed, "learningRate": rate, "settings": identity, "corpus": corpus, "way": way,
         "eer": f"{measured[name, corpus, way][seed][0]:.4f}"}
        for name, seeds in rows.items() for seed, (_, rate, identity, _) in seeds.items()
        for corpus in EVALUATED for way in WAYS
    ]


def table(rows, measured, gaps):
    """A table of means over seeds, a column for each corpus and way; a star where the difference to classification alone
    holds after the correction."""
    keys = [(corpus, way) for corpus in EVALUATED for way in WAYS]
    lines = ["| | rate | seeds | " + " | ".join(f"{corpus}, {way}" for corpus, way in keys) + " |",
             "|---" * (3 + len(keys)) + "|"]
    for group, members in GROUPS.items():
        present = [row for row in members if row.name in rows]
        if present:
            lines.append(f"| *{group}* |" + " |" * (2 + len(keys)))
        for row in present:
            cells = []
            for key in keys:
                values = [value for value, _ in measured[(row.name, *key)].values()]
                gap, p = gaps.get((row.name, *key), (None, 1))
                cells.append(f"{np.mean(values):.2f}" + (f" ({gap.value:+.2f}{'*' if p <= 0.05 else ''})" if gap else ""))
            rate = next(iter(rows[row.name].values()))[1]
            lines.append(f"| {row.title} | {float(rate):g} | {len(rows[row.name])} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def entries(gaps, corpus, way):
    result = []
    for group, members in GROUPS.items():
        present = [row for row in members if (row.name, corpus, way) in gaps]
        if present:
            result.append((group,))
        result += [(row.title, *gaps[row.name, corpus, way]) for row in present]
    return result


def draw_courses(runs, rows, folder):
    """α and the gradients' cosine over the steps of the first seed, as means of twenty steps."""
    chosen = [(name, colour) for name, colour in
              [("method", "#b3261e"), ("method-exact", "#1b7f4b"), ("plain-min-norm", "#4a6fa5"), ("method-floor-third", "#8a6d1d")]
              if name in rows]
    for key, title, low, high in [("alpha", "Weight of the classification loss, α", 0, 1),
                                  ("gradientCosine", "Cosine between the gradients", None, None)]:
        series = []
        for name, colour in chosen:
            run = next(iter(rows[name].values()))[0]
            points = [(step["step"], step[key]) for step in runs.steps(run) if step[key] is not None]
            means = [(points[index][0], float(np.mean([value for _, value in points[index:index + 20]])))
                     for index in range(0, len(points), 20)]
            series.append((ROWS[name].title, colour, means))
        if series:
            (folder / f"{'alpha' if key == 'alpha' else 'cosine'}.svg").write_text(figures.curves(title, series, low, high))
