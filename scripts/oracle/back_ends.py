"""Scores of back ends over embeddings, straight from the formulas in double precision.

Cosines after the training mean is subtracted; S-norm and AS-norm by wespeaker's definitions (bin/score_norm.py); linear
discriminant analysis as SciPy's generalised eigenvectors; two-covariance PLDA by expectation maximisation in full matrices
(Kenny 2010), its log-likelihood ratios as differences of the Gaussian densities of all utterances of a trial stacked
(Brümmer and de Villiers 2010), its adaptation by the steps of Kaldi's ivector-adapt-plda; affine calibration as SciPy's
minimum of the prior-weighted cross-entropy (Brümmer and Doddington 2013), with the quality measures of wespeaker's
bin/score_calibration.py.

train, target, evaluation [utterances, D]; speaker s of the training set has counts[s] utterances, one after another. Trials
are of each enrolment with each test, enrolment after enrolment; the last enrolment has three utterances, the others one.
"""

import numpy as np
from scipy.linalg import eigh
from scipy.optimize import minimize
from scipy.stats import multivariate_normal

from .draws import Draws

D, SPEAKERS, ITERATIONS, RIDGE = 12, 24, 10, 1e-6
WITHIN_SHARE, BETWEEN_SHARE = 0.3, 0.7


def inputs():
    draws = Draws(20261)
    mixing = draws.normal(D, D).numpy()
    counts = [3 + s % 5 for s in range(SPEAKERS)]
    offset = draws.normal(D, scale=0.7).numpy()

    def voices(counts, shift=0.0, scale=1.0):
        rows = []
        for count in counts:
            voice = draws.normal(D, scale=1.2).numpy()
            rows += [offset + shift + mixing @ voice + scale * draws.normal(D, scale=1.5).numpy() for _ in range(count)]
        return np.asarray(rows, dtype=np.float32).astype(np.float64)

    return (voices(counts), counts, voices([5] * 10, shift=0.4, scale=2.0), voices([5] * 8), draws)


def unit(vectors):
    return vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)


def speaker_means(vectors, counts):
    ends = np.cumsum(counts)
    return np.array([vectors[end - count:end].mean(axis=0) for end, count in zip(ends, counts)])


def covariances(vectors, counts):
    """Within speakers and between them, every utterance alike."""
    means, mean = speaker_means(vectors, counts), vectors.mean(axis=0)
    rest = vectors - np.repeat(means, counts, axis=0)
    weighted = (means - mean) * np.sqrt(np.asarray(counts, float))[:, None]
    return rest.T @ rest / len(vectors), weighted.T @ weighted / len(vectors)


def lda(vectors, counts, dimensions):
    within, between = covariances(vectors, counts)
    _, directions = eigh(between, within)
    return directions[:, ::-1][:, :dimensions]


class Plda:
    def __init__(self, vectors, counts):
        means = speaker_means(vectors, counts)
        rest = vectors - np.repeat(means, counts, axis=0)
        scatter, speakers, utterances = rest.T @ rest, len(counts), len(vectors)
        self.mean = means.mean(axis=0)
        means = means - self.mean
        self.within, self.between = scatter / (utterances - speakers), means.T @ means / speakers
        for _ in range(ITERATIONS):
            within, between = scatter.copy(), np.zeros_like(scatter)
            for mean, count in zip(means, counts):
                spread = np.linalg.inv(np.linalg.inv(self.between) + count * np.linalg.inv(self.within))
                voice = spread @ (count * np.linalg.inv(self.within) @ mean)
                between += spread + np.outer(voice, voice)
                within += count * (spread + np.outer(mean - voice, mean - voice))
            self.within, self.between = within / utterances, between / speakers

    def adapt(self, vectors):
        """The steps of Kaldi's ivector-adapt-plda with its usual shares."""
        mean = vectors.mean(axis=0)
        variance = np.cov(vectors.T, bias=True) + np.outer(mean - self.mean, mean - self.mean)
        values, directions = eigh(variance, self.within + self.between)
        # directionsᵀ makes the total covariance of the model the unit matrix and that of the set diagonal.
        back = np.linalg.inv(directions.T)
        excess = back @ np.diag(np.maximum(values - 1, 0)) @ back.T
        self.mean, self.within, self.between = (
            mean, self.within + WITHIN_SHARE * excess, self.between + BETWEEN_SHARE * excess)

    def ratio(self, enrolment, test):
        """The log-likelihood ratio of one speaker to two, of utterances stacked."""
        def covariance(count):
            return np.kron(np.eye(count), self.within) + np.kron(np.ones((count, count)), self.between)

        def density(vectors):
            return multivariate_normal.logpdf((vectors - self.mean).ravel(), cov=covariance(len(vectors)))

        return density(np.vstack([enrolment, test])) - density(enrolment) - density(test)


def statistics(scores, top):
    highest = np.sort(scores, axis=1)[:, ::-1][:, :top]
    return highest.mean(axis=1), highest.std(axis=1)


def normalized(scores, enrolments, tests, top):
    """Scores [E, T] by those of each side against the cohort."""
    (me, se), (mt, st) = statistics(enrolments, top), statistics(tests, top)
    return 0.5 * ((scores - me[:, None]) / se[:, None] + (scores - mt[None]) / st[None]), me, mt


class Case:
    def __init__(self, sets, scoring="cosine", lda_dimensions=None, adapted=False):
        self.train, self.counts, target, self.evaluation, _ = sets
        self.scoring = scoring
        self.mean = self.train.mean(axis=0)
        self.projection = np.eye(D) if lda_dimensions is None else lda(self.train, self.counts, lda_dimensions)
        if scoring == "plda":
            self.plda = Plda(self.transform(self.train), self.counts)
            if adapted:
                self.mean = target.mean(axis=0)
                self.plda.adapt(self.transform(target))

    def transform(self, vectors):
        return unit((vectors - self.mean) @ self.projection)

    def raw(self, enrolments, tests):
        """Scores of lists of embeddings with single ones."""
        if self.scoring == "cosine":
            return self.transform(np.array([one.mean(axis=0) for one in enrolments])) @ self.transform(tests).T
        return np.array([[self.plda.ratio(self.transform(one), self.transform(test[None])) for test in tests]
                         for one in enrolments])

    def sides(self):
        own = self.evaluation
        return [own[[row]] for row in range(16)] + [own[16:19]], own[20:]

    def cohort(self, kind):
        return speaker_means(self.train, self.counts) if kind == "speakers" else self.train

    def scores(self, top=None, kind="speakers"):
        enrolments, tests = self.sides()
        cohort = self.cohort(kind)
        top = len(cohort) if top is None else top
        return normalized(self.raw(enrolments, tests), self.raw(enrolments, cohort),
                          self.raw([one[None] for one in cohort], tests).T, top)


def quality(one, other):
    """Least, greatest, difference and ratio of each pair, in columns."""
    least, greatest = np.minimum(one, other), np.maximum(one, other)
    return np.stack([least, greatest, greatest - least, greatest / least], axis=-1)


def calibrate(columns, targets, prior):
    """Ratios, weights and offset of least prior-weighted cross-entropy and ridge."""
    mean, deviation = columns.mean(axis=0), columns.std(axis=0)
    scaled = np.column_stack([(columns - mean) / deviation, np.ones(len(columns))])
    share = np.where(targets, prior / targets.sum(), (1 - prior) / (~targets).sum())
    sign, odds = np.where(targets, 1.0, -1.0), np.log(prior / (1 - prior))
    ridge = np.append(np.full(columns.shape[1], RIDGE), 0)

    def cost(point):
        return share @ np.logaddexp(0, -sign * (scaled @ point + odds)) + 0.5 * ridge @ point ** 2

    def gradient(point):
        return scaled.T @ (-share * sign / (1 + np.exp(sign * (scaled @ point + odds)))) + ridge * point

    def curvature(point):
        p = 1 / (1 + np.exp(-(scaled @ point + odds)))
        return scaled.T @ (scaled * (share * p * (1 - p))[:, None]) + np.diag(ridge)

    found = minimize(cost, np.zeros(scaled.shape[1]), jac=gradient, hess=curvature, method="trust-exact",
                     options={"gtol": 1e-12, "maxiter": 1000})
    assert np.abs(gradient(found.x)).max() < 1e-9, found
    weights = found.x[:-1] / deviation
    return scaled @ found.x, weights, found.x[-1] - weights @ mean


def golden():
    sets = inputs()
    train, counts, target, evaluation, draws = sets
    cosine, projected = Case(sets), Case(sets, lda_dimensions=5)
    plda, adapted = Case(sets, "plda", 6), Case(sets, "plda", 6, adapted=True)

    def case(scores, **settings):
        return settings | {"scores": np.asarray(scores).ravel().tolist()}

    adaptive, enrolment_means, test_means = cosine.scores(top=7)
    cases = [
        case(cosine.raw(*cosine.sides()), name="cosine"),
        case(cosine.scores()[0], name="s-norm", normalization="s-norm"),
        case(adaptive, name="as-norm", normalization="as-norm", top=7),
        case(cosine.scores(top=9, kind="utterances")[0], name="utterances", normalization="as-norm", top=9,
             cohort="utterances"),
        case(projected.scores(top=7)[0], name="lda", lda=5, normalization="as-norm", top=7),
        case(plda.raw(*plda.sides()), name="plda", scoring="plda", lda=6),
        case(plda.scores(top=7)[0], name="plda with as-norm", scoring="plda", lda=6, normalization="as-norm", top=7),
        case(adapted.raw(*adapted.sides()), name="adapted plda", scoring="plda", lda=6, adapted=True),
    ]

    enrolments, tests = cosine.sides()
    seconds = draws.uniform(len(evaluation), low=4, high=14).numpy().round(2)
    durations = [min(seconds[row], 20) for row in range(16)] + [min(seconds[16:19].sum(), 20)]
    sizes = [np.linalg.norm(one.mean(axis=0) - cosine.mean) for one in enrolments]
    pairs = [(durations, np.minimum(seconds[20:], 20)), (sizes, np.linalg.norm(tests - cosine.mean, axis=1)),
             (enrolment_means, test_means)]
    columns = np.concatenate(
        [adaptive.reshape(-1, 1)]
        + [quality(np.asarray(a)[:, None], np.asarray(b)[None]).reshape(-1, 4) for a, b in pairs], axis=1)
    targets = adaptive.ravel() + draws.normal(adaptive.size, scale=2.0).numpy() > 1.5
    calibrations = []
    for prior, width in [(0.5, 1), (0.05, 1), (0.5, columns.shape[1])]:
        ratios, weights, offset = calibrate(columns[:, :width], targets, prior)
        calibrations.append({"prior": prior, "ratios": ratios.tolist(), "offset": float(offset), "weights": weights.tolist()})
    return {"train": train, "target": target, "evaluation": evaluation}, {
        "counts": counts, "seconds": seconds.tolist(), "targets": targets.astype(int).tolist(), "cases": cases,
        "calibrations": calibrations}
