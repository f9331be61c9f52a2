"""The fit of a `lapland._calibration.Calibration`: what errors follow from scales.

The mean error of a landmark is exp(weights . features) sides of the face, a gamma regression with a
logarithmic link. The ratio of error to mean has a distribution for each group of landmarks, which
changes with the mean and with how much the scales of the face differ: quantile regressions.
Monotone where it must be: radii grow with a landmark's scale relative to its face, with the mean
scale of the face, and with the probability.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cholesky, solve_triangular
from scipy.optimize import isotonic_regression, lsq_linear, minimize

from lapland._calibration import (
    BAD,
    FEATURES,
    LEAST_GROWTH,
    SPREAD,
    Calibration,
    face_sides,
    features_of,
    ratio_features,
)
from lapland._scheme import Scheme
from training.visible import mean_of_visible

Floats = NDArray[np.float64]

PROBABILITIES = np.array([0.01, 0.05, *np.arange(0.1, 0.95, 0.1), 0.95, 0.99])
RIDGE = 1e-4  # of the mean square of a feature; keeps apart what the faces do not tell apart
CLEAN_WEIGHT = 12.0  # of a face as it is; each way to corrupt it counts 1
LEVELS = (0.05, 0.95)  # quantiles of the mean error between which its distribution changes
NEAR = 0.02  # of a logarithm: nearer to its quantile an error pulls no harder
MARGIN = 0.1  # of the range of a feature in the fit: so far beyond it is believed
SLOPES = (0.5, 50.0)  # of the confidence; few faces may not tell it


class Form(NamedTuple):
    """What errors are told from: which features, and whether their distribution changes too."""

    features: tuple[int, ...]
    changing: bool = False


# Tried against each other by `training.calibrate`.
FORMS = {
    "scale": Form(()),
    "scale and face": Form((0, 1, 2)),
    "scale, face and texture": Form(tuple(range(FEATURES))),
    "these, and a distribution that changes": Form(tuple(range(FEATURES)), changing=True),
}
FORM = "these, and a distribution that changes"


@dataclass(frozen=True)
class Sample:
    """N faces, each seen in C ways, as a model finds them.

    Attributes:
        scheme: of the landmarks.
        landmarks: (C, N, K, 2), image pixels; the first of C shows the photos as they are.
        scales: (C, N, K), image pixels.
        textures: (C, N, 5), of `lapland._texture.texture`.
        errors: (C, N, K), image pixels; NaN where a landmark is not visible.
        sizes: (N,), the length d in image pixels by which the field divides errors.
    """

    scheme: Scheme
    landmarks: Floats
    scales: Floats
    textures: Floats
    errors: Floats
    sizes: Floats

    def of(self, faces: NDArray[np.bool_] | slice, ways: slice = slice(None)) -> "Sample":
        """Some faces, seen in some of the ways."""
        arrays = (self.landmarks, self.scales, self.textures, self.errors)
        return Sample(self.scheme, *(a[ways][:, faces] for a in arrays), self.sizes[faces])

    @property
    def flat(self) -> tuple[Floats, Floats, Floats]:
        """Landmarks (C * N, K, 2), scales (C * N, K) and textures (C * N, 5)."""
        return (
            self.landmarks.reshape(-1, *self.landmarks.shape[2:]),
            self.scales.reshape(-1, self.scales.shape[2]),
            self.textures.reshape(-1, self.textures.shape[2]),
        )

    @property
    def failures(self) -> Floats:
        """(C, N), mean error of each face, percent of d."""
        return 100 * mean_of_visible(self.errors, axis=2) / self.sizes


def fit(sample: Sample, form: str = FORM) -> Calibration:
    """Fits a calibration; photos as they are count `CLEAN_WEIGHT` times.

    Raises:
        ValueError: there are fewer than two faces.
    """
    if len(sample.sizes) < 2:
        raise ValueError(f"calibration: expected at least 2 faces, found {len(sample.sizes)}")
    scheme = sample.scheme
    features, errors = _features_and_errors(sample)
    low, high = features.min(axis=(0, 1)), features.max(axis=(0, 1))
    margin = MARGIN * (high - low) + 1e-3
    weights = np.zeros((scheme.size, 1 + FEATURES))
    levels = np.zeros((scheme.size, 2))
    quantiles = np.zeros((scheme.size, len(PROBABILITIES), 3))
    counts = _counts(sample)
    for indices in scheme.groups.values():
        of = list(indices)
        weights[of], levels[of], quantiles[of] = _fit_group(
            features[:, of], errors[:, of], counts, FORMS[form]
        )
    face, slope, shift = _fit_face(sample, features, errors, FORMS[form].features)
    return Calibration(
        scheme,
        low - margin,
        high + margin,
        weights,
        levels,
        PROBABILITIES,
        quantiles,
        face,
        slope,
        shift,
    )


def isotonic_radii(sample: Sample, others: Sample, probability: float) -> Floats:
    """(C, N, K) radii of `others`, by isotonic regression of `sample`'s errors on scales alone.

    What `fit` is measured against: in each group the mean error is any function of the relative
    scale that does not fall.
    """
    scheme = sample.scheme
    landmarks, scales, _ = others.flat
    sides = face_sides(landmarks)
    radii = np.empty(scales.shape)
    features, errors = _features_and_errors(sample)
    for indices in scheme.groups.values():
        of = list(indices)
        seen = ~np.isnan(errors[:, of])
        x, y = features[:, of, :2].sum(axis=-1)[seen], errors[:, of][seen]
        order = np.argsort(x, kind="stable")
        means = np.maximum(isotonic_regression(y[order]).x, 1e-6)
        ratio = np.quantile(y[order] / means, probability)
        at = np.log(np.maximum(scales[:, of], 1e-6) / sides[:, None])
        radii[:, of] = np.interp(at, x[order], means) * ratio * sides[:, None]
    return radii.reshape(others.scales.shape)


def _features_and_errors(sample: Sample) -> tuple[Floats, Floats]:
    """(C * N, K, F) features, and (C * N, K) errors in sides of the face."""
    landmarks, scales, textures = sample.flat
    errors = sample.errors.reshape(scales.shape) / face_sides(landmarks)[:, None]
    return features_of(landmarks, scales, textures), errors


def _counts(sample: Sample) -> Floats:
    """(C * N,) how much each face counts in each way."""
    counts = np.ones(sample.errors.shape[:2])
    counts[0] = CLEAN_WEIGHT
    return counts.ravel()


def _fit_group(
    features: Floats, errors: Floats, counts: Floats, form: Form
) -> tuple[Floats, Floats, Floats]:
    """(M, G, F) features, (M, G) errors, (M,) counts -> (G, 1 + F) weights, (2,) levels, (P, 3)."""
    count = errors.shape[1]
    seen = ~np.isnan(errors)
    constants = np.broadcast_to(np.eye(count), (*errors.shape, count))[seen]
    chosen = form.features
    if chosen:
        told = features[seen][:, list(chosen)]
    else:  # the scale of the landmark, relative to the side of the face
        told = features[seen][:, :2].sum(axis=1, keepdims=True)
    x, y = np.hstack([told, constants]), errors[seen]
    # Radii may not fall where a scale grows, of the landmark or of all.
    counted = np.broadcast_to(counts[:, None], errors.shape)[seen]
    b = gamma_regression(x, y, counted, growing=2 if chosen else 1)
    weights = np.zeros((count, 1 + FEATURES))
    weights[:, 0] = b[told.shape[1] :]
    weights[:, 1:][:, list(chosen or (0, 1))] = b[: told.shape[1]]
    means = x @ b
    ratios = np.log(np.maximum(y, 1e-9)) - means
    levels = np.quantile(means, LEVELS)
    quantiles = np.zeros((len(PROBABILITIES), 3))
    quantiles[:, 0] = _quantiles(ratios, counted)
    if form.changing:
        told = ratio_features(means, levels, features[seen][:, SPREAD])
        for row, p in zip(quantiles, PROBABILITIES, strict=True):
            row[:] = quantile_regression(told, ratios, counted, p, row)
    return weights, levels, quantiles


def quantile_regression(
    x: Floats, y: Floats, counts: Floats, probability: float, start: Floats, steps: int = 30
) -> Floats:
    """Weights b of the quantile x b of y: least pinball loss, by reweighted least squares.

    Args:
        x: (M, 3); its second weight may not be so far below 0 that radii fall with the mean error.
        y: (M,).
        counts: (M,), how much each counts.
        probability: of the quantile.
        start: (3,), what to begin with.
        steps: of the iteration.

    Returns:
        (3,).
    """
    low = np.array([-np.inf, LEAST_GROWTH - 1, -np.inf])

    def step(b: Floats) -> Floats:
        off = y - x @ b
        pull = np.where(off > 0, probability, 1 - probability)
        shares = counts * pull / np.maximum(np.abs(off), NEAR)
        weighted = x * (shares / shares.sum())[:, None]
        squares = x.T @ weighted
        squares += 1e-9 * np.eye(len(b))
        return _least_squares(cholesky(squares), weighted, y, low)

    return _settled(step, start, 1e-4, steps)


def _quantiles(values: Floats, counts: Floats) -> Floats:
    """Of values that count differently, at `PROBABILITIES`."""
    order = np.argsort(values)
    below = np.cumsum(counts[order]) - counts[order] / 2
    return np.interp(PROBABILITIES, below / counts.sum(), values[order])


def _fit_face(
    sample: Sample, features: Floats, errors: Floats, form: tuple[int, ...]
) -> tuple[Floats, float, float]:
    """The weights of a face's mean error, then slope and shift of its confidence."""
    shared = features[:, 0, 1:]
    used = [i - 1 for i in form if i > 0] or [0]
    x = np.hstack([shared[:, used], np.ones((len(shared), 1))])
    b = gamma_regression(x, mean_of_visible(errors, axis=1), _counts(sample), growing=1)
    face = np.zeros(FEATURES)
    face[0] = b[-1]
    face[1:][used] = b[:-1]
    landmarks = sample.flat[0]
    corners = sample.scheme.eye_corners
    d = face_sides(landmarks)
    lengths = (
        d
        if corners is None
        else np.linalg.norm(landmarks[:, corners[0]] - landmarks[:, corners[1]], axis=1)
    )
    beyond = face[0] + shared @ face[1:] + np.log(d / np.maximum(lengths, 1e-6) / BAD)
    bad = sample.failures.ravel() > 100 * BAD

    def loss(parameters: Floats) -> float:
        odds = parameters[0] * (beyond - parameters[1])
        return float(np.logaddexp(0, np.where(bad, -odds, odds)).mean())

    bounds = [SLOPES, (-2.0, 2.0)]
    slope, shift = minimize(loss, np.array([5.0, 0.0]), bounds=bounds, method="L-BFGS-B").x
    return face, float(slope), float(shift)


def gamma_regression(
    x: Floats, y: Floats, counts: Floats, growing: int = 0, steps: int = 50
) -> Floats:
    """Weights b of the mean exp(x b) of y: gamma regression with a logarithmic link.

    By iteratively reweighted least squares, whose weights are all one for this link.

    Args:
        x: (M, F).
        y: (M,), 0 or above.
        counts: (M,), how much each counts.
        growing: the first so many weights may not be negative.
        steps: of the iteration, at most.

    Returns:
        (F,).
    """
    shares = counts / counts.sum()
    weighted = x * shares[:, None]
    squares = x.T @ weighted
    squares += RIDGE * np.diag(np.diag(squares) + 1e-9)
    root = cholesky(squares)
    low = np.where(np.arange(x.shape[1]) < growing, 0.0, -np.inf)
    start = np.full(len(x), np.log(y.mean() + 1e-9))

    def step(b: Floats) -> Floats:
        told = x @ b
        # Errors far from a mean that is not yet right may not throw it about.
        target = told + np.minimum(y * np.exp(-told), 20.0) - 1
        return _least_squares(root, weighted, target, low)

    return _settled(step, np.linalg.solve(squares, weighted.T @ start), 1e-6, steps)


def _least_squares(root: Floats, weighted: Floats, y: Floats, low: Floats) -> Floats:
    """Weights b, none below `low`, of least squared error of x b: `root` is upper, of x' w x."""
    right = solve_triangular(root, weighted.T @ y, trans="T")
    found: Floats = lsq_linear(root, right, (low, np.inf)).x
    return found


def _settled(step: Callable[[Floats], Floats], start: Floats, near: float, steps: int) -> Floats:
    """What repeated steps come to: one changes it by less than `near`, or there were enough."""
    b = start
    for _ in range(steps):
        before, b = b, step(b)
        if np.abs(b - before).max() < near:
            break
    return b
