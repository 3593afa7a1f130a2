"""The rows of the ablation: what each one sets beyond configurations/experiment.yaml. `DATA` in a setting is the folder of
the corpora."""

from dataclasses import dataclass

# The highest learning rates that every row is tuned over, on speakers set aside of the training part.
RATES = ["1.0e-3", "2.0e-3", "4.0e-3"]
TUNED_SEED = 100

CLASSIFICATION = "classification"

NO_MARGIN = "contrastive.margin={form: none}"
NO_ATTENTION = "contrastive.attention.mode=off"
PLAIN = [NO_MARGIN, NO_ATTENTION]
SUM = "weighting={method: fixed}"
EXACT = "weighting={method: min-norm, space: parameters}"
TWO_VIEWS = ["batch={speakers: 16, utterances: 2, views: 2}"]


@dataclass(frozen=True)
class Row:
    name: str
    title: str
    settings: tuple
    matters: bool = False

    @property
    def seeds(self):
        return range(1, 6) if self.matters else range(1, 4)


def row(name, title, *settings, matters=False):
    return Row(name, title, settings, matters)


def weighting(name, title, text, **more):
    return row(name, title, f"weighting={{{text}}}", **more)


def augmented(views, probability="0.6"):
    flags = ", ".join("true" if view else "false" for view in views)
    return [f"views.augmented=[{flags}]",
            f"augmentation={{noise: DATA/noise, rooms: DATA/rooms, probability: {probability}}}"]


GROUPS = {
    "one objective": [
        row(CLASSIFICATION, "AAM-softmax alone", "weighting={method: fixed, contrastive: 0}", matters=True),
        row("contrastive", "SupCon alone", "weighting={method: fixed, classification: 0}", *PLAIN),
    ],
    "the sum 1 : 1": [
        row("sum", "AAM-softmax + SupCon, the predecessor", SUM, *PLAIN, matters=True),
        row("sum-quarter", "contrastive weight 0.25", "weighting={method: fixed, contrastive: 0.25}", *PLAIN),
        row("sum-four", "contrastive weight 4", "weighting={method: fixed, contrastive: 4}", *PLAIN),
        row("sum-warm", "temperature 0.2", SUM, *PLAIN, "contrastive.temperature=0.2"),
        row("sum-cold", "temperature 0.03", SUM, *PLAIN, "contrastive.temperature=0.03"),
    ],
    "margin": [
        row("margin-angle", "cos(θ + 0.2), one softmax", SUM, NO_ATTENTION, matters=True),
        row("margin-angle-plain", "cos(θ + 0.2), in the numerator alone", SUM, NO_ATTENTION,
            "contrastive.margin.denominator=plain"),
        row("margin-cosine", "cos θ − 0.2, one softmax", SUM, NO_ATTENTION, "contrastive.margin.form=cosine"),
        row("margin-half", "cos(θ + 0.1), one softmax", SUM, NO_ATTENTION, "contrastive.margin.value=0.1"),
    ],
    "attention": [
        row("attention", "negatives' weights, κ = 32", SUM, NO_MARGIN, matters=True),
        row("attention-soft", "negatives' weights, κ = 8", SUM, NO_MARGIN, "contrastive.attention.scale=8"),
        row("attention-logit", "logits, κ = 32", SUM, NO_MARGIN, "contrastive.attention.mode=logit"),
        row("attention-margin", "margin and attention, 1 : 1", SUM, matters=True),
    ],
    "weighting, with margin and attention": [
        row("method", "min-norm of embeddings' gradients, the default", matters=True),
        row("method-exact", "min-norm of parameters' gradients", EXACT, matters=True),
        weighting("method-l2", "min-norm, l2", "normalization: l2"),
        weighting("method-loss", "min-norm, loss", "normalization: loss"),
        weighting("method-loss-l2", "min-norm, loss+", "normalization: loss+"),
        weighting("method-floor-tenth", "min-norm, no weight below 0.1", "floor: 0.1"),
        weighting("method-floor-third", "min-norm, no weight below 0.3", "floor: 0.3"),
        weighting("uncertainty", "uncertainty, 1/L", "method: uncertainty"),
        weighting("pcgrad", "PCGrad", "method: pcgrad"),
        weighting("cagrad", "CAGrad, c = 0.5", "method: cagrad"),
        weighting("nash", "Nash-MTL", "method: nash-mtl"),
        weighting("random", "random weights", "method: random"),
    ],
    "weighting, without margin and attention": [
        row("plain-min-norm", "min-norm of embeddings' gradients", *PLAIN, matters=True),
        row("plain-exact", "min-norm of parameters' gradients", EXACT, *PLAIN),
        row("plain-floor", "min-norm, no weight below 0.3", "weighting.floor=0.3", *PLAIN),
    ],
    "batches, AAM-softmax alone and 1 : 1 without margin and attention": [
        row("small-classification", "32 rows, AAM-softmax", "weighting={method: fixed, contrastive: 0}",
            "batch.speakers=16"),
        row("small-sum", "32 rows, 1 : 1", SUM, *PLAIN, "batch.speakers=16"),
        row("large-classification", "128 rows, AAM-softmax", "weighting={method: fixed, contrastive: 0}",
            "batch.speakers=64"),
        row("large-sum", "128 rows, 1 : 1", SUM, *PLAIN, "batch.speakers=64"),
        row("four-sum", "16 speakers × 4, 1 : 1", SUM, *PLAIN, "batch={speakers: 16, utterances: 4}"),
        row("views-classification", "two clean views, AAM-softmax", "weighting={method: fixed, contrastive: 0}",
            *TWO_VIEWS, "views.augmented=[false, false]"),
        row("views-sum", "two clean views, 1 : 1", SUM, *PLAIN, *TWO_VIEWS, "views.augmented=[false, false]"),
        row("noisy-classification", "noise and rooms, AAM-softmax", "weighting={method: fixed, contrastive: 0}",
            *augmented([True]), matters=True),
        row("noisy-sum", "noise and rooms, 1 : 1", SUM, *PLAIN, *augmented([True]), matters=True),
        row("noisy-method", "noise and rooms, the default", *augmented([True]), matters=True),
        row("noisy-views-sum", "a clean and a noisy view, 1 : 1", SUM, *PLAIN, *TWO_VIEWS, *augmented([False, True])),
        row("noisy-views-method", "a clean and a noisy view, the default", *TWO_VIEWS, *augmented([False, True])),
    ],
}

ROWS = {row.name: row for rows in GROUPS.values() for row in rows}
