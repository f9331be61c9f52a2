"""The fit of a `lapland.uncertainty.calibration.Calibration`: from scales to errors.

The mean error of a landmark is exp(weights . features) sides of the face, a gamma regression with a
logarithmic link. The ratio of error to mean has a distribution for each group of landmarks, which
changes with the mean and with how much the scales of the face differ: quantile regressions.
Radii are monotone: they grow with a landmark's scale relative to its face, with the mean
scale of the face, and with the probability.
"""

import dataclasses
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import isotonic_regression, minimize

from lapland.schemes.normaliser import face_sides, normalisers
from lapland.schemes.scheme import Scheme
from lapland.uncertainty.calibration import Calibration
from lapland.uncertainty.estimate import BAD
from lapland.uncertainty.features import FEATURES, GROWING, SPREAD, features_of, ratio_features
from training.calibration.regression import gamma_regression, quantile_regression
from training.data.visible import mean_of_visible

Floats = NDArray[np.float64]

PROBABILITIES = np.array([0.01, 0.05, *np.arange(0.1, 0.95, 0.1), 0.95, 0.99])  # (13,)
CLEAN_WEIGHT = 12.0  # of a clean face; corruptions have weight 1 on average
BALANCED = (0.5, 0.9)  # radii that are to hold as many landmarks in every condition
BALANCE = 15.0  # growth of a condition's weight: a point off, exp(0.15) times as much
MOST_COUNTED = 6.0  # weight of one condition
TOLERATED = (0.01, 0.06)  # for clean photos, and for corrupted ones
SHARES = (0.0, 0.25, 0.5, 0.75, 1.0)  # of the step of `_evened`, which are tried
LEVELS = (0.05, 0.95)  # quantiles of the mean error between which its distribution changes
MARGIN = 0.1  # of the range of a feature in the fit: so far beyond it is believed
SLOPES = (0.5, 50.0)  # of the confidence; few faces leave it open


class Form(NamedTuple):
    """A form of the fit: the features used, and whether the distribution changes with them.

    After each of the `rounds`, conditions count more if the radii hold too few or too
    many of their landmarks.
    """

    features: tuple[int, ...]
    changing: bool = False
    rounds: int = 0


# Tried against each other by `training.calibrate`.
FORMS = {
    "scale": Form(()),
    "scale, group and face": Form(tuple(range(SPREAD + 1))),
    "these and texture": Form(tuple(range(FEATURES))),
    "these, and a distribution that changes": Form(tuple(range(FEATURES)), changing=True),
    "all this, with ways balanced": Form(tuple(range(FEATURES)), changing=True, rounds=2),
}
FORM = "all this, with ways balanced"


@dataclass(frozen=True)
class ErrorSample:
    """Predictions of a model for N faces under each of C conditions.

    Attributes:
        scheme: the annotation scheme.
        landmarks: (C, N, K, 2), image pixels; the first of C is the clean condition.
        scales: (C, N, K), image pixels.
        textures: (C, N, 5 + K), of `lapland.crop.texture.texture`.
        errors: (C, N, K), image pixels; NaN if a landmark is not visible.
        sizes: (N,), the length d that errors are divided by, image pixels.
    """

    scheme: Scheme
    landmarks: Floats
    scales: Floats
    textures: Floats
    errors: Floats
    sizes: Floats

    def of(
        self, faces: NDArray[np.bool_] | slice, conditions: slice = slice(None)
    ) -> "ErrorSample":
        """Some faces under some of the conditions."""
        # Conditions first, then faces: two masks at once would select pairs of them.
        arrays = (self.landmarks, self.scales, self.textures, self.errors)
        return ErrorSample(
            self.scheme, *(a[conditions][:, faces] for a in arrays), self.sizes[faces]
        )

    @property
    def flat(self) -> tuple[Floats, Floats, Floats]:
        """Landmarks (C * N, K, 2), scales (C * N, K) and textures (C * N, 5 + K)."""
        return (
            self.landmarks.reshape(-1, *self.landmarks.shape[2:]),
            self.scales.reshape(-1, self.scales.shape[2]),
            self.textures.reshape(-1, self.textures.shape[2]),
        )

    def covered(self, radii: Floats) -> Floats:
        """(C,): share of the visible landmarks of each condition within radii, (C, N, K) pixels."""
        seen = ~np.isnan(self.errors)  # (C, N, K)
        within = (self.errors <= radii) & seen
        shares: Floats = within.sum(axis=(1, 2)) / seen.sum(axis=(1, 2))  # (C,)
        return shares

    @property
    def failures(self) -> Floats:
        """(C, N), mean error of each face, percent of d."""
        return 100 * mean_of_visible(self.errors, axis=2) / self.sizes


def fit(sample: ErrorSample, form: str = FORM) -> Calibration:
    """Fits a calibration; clean photos count `CLEAN_WEIGHT` times as much as a corruption.

    Raises:
        ValueError: there are fewer than two faces.
    """
    if len(sample.sizes) < 2:
        raise ValueError(f"calibration: expected at least 2 faces, found {len(sample.sizes)}")
    features, errors = _features_and_errors(sample)  # (C N, K, F), (C N, K)
    chosen = FORMS[form]
    counts = np.ones(len(sample.errors))  # (C,)
    counts[0] = CLEAN_WEIGHT  # the clean condition comes first
    # Once: the balancing of radii leaves the confidence of faces alone.
    face = _fit_face(sample, features, errors, counts, chosen)
    fitted = _fit(sample.scheme, features, errors, counts, chosen, face)
    for _ in range(chosen.rounds if len(counts) > 1 else 0):  # one condition has nothing to balance
        counts = balanced(counts, fitted, sample)
        fitted = _fit(sample.scheme, features, errors, counts, chosen, face)
    # Last, as another fit would lose the factors.
    return _evened(fitted, sample) if chosen.rounds and len(counts) > 1 else fitted


def _off(fitted: Calibration, sample: ErrorSample) -> Floats:
    """(C,) the largest deviation of each condition from the nominal shares of `BALANCED`."""
    off = np.zeros(len(sample.errors))  # (C,)
    for p in BALANCED:
        radii = fitted.radii(*sample.flat, p).reshape(sample.scales.shape)  # (C, N, K)
        off = np.maximum(off, np.abs(sample.covered(radii) - p))
    return off


def _evened(fitted: Calibration, sample: ErrorSample) -> Calibration:
    """The same with the radii of each group scaled, so that no condition is too far off.

    Radii that are right on average over all conditions are too long for clean photos. They are
    scaled towards the clean photos until the larger of two deviations is smallest: that of clean
    photos, and that of the worst condition, each relative to its tolerance.
    """
    sharp = sample.of(slice(None), slice(1))  # the clean condition alone
    steps = np.zeros(fitted.quantiles.shape[:2])  # (K, P), of logarithms of radii
    for i, p in enumerate(PROBABILITIES):
        radii = fitted.radii(*sharp.flat, p)
        # Their p-quantile is 0 if a share p of the landmarks lies within the radii.
        logs = np.log(np.maximum(sharp.errors[0], 1e-9) / radii)  # (N, K)
        for indices in sample.scheme.groups.values():
            of = list(indices)
            steps[of, i] = np.nanquantile(logs[:, of], p)

    def moved(share: float) -> Calibration:
        quantiles = fitted.quantiles.copy()  # (K, P, 3)
        quantiles[..., 0] += share * steps  # the constant: all radii of a landmark scale alike
        return dataclasses.replace(fitted, quantiles=quantiles)

    def worst(share: float) -> float:
        off = _off(moved(share), sample)
        return max(off[0] / TOLERATED[0], *(off[1:] / TOLERATED[1]))

    # Shares within radii are step functions without a useful gradient, so a few values are
    # compared.
    return moved(min(SHARES, key=worst))


def balanced(counts: Floats, fitted: Calibration, sample: ErrorSample) -> Floats:
    """(C,) the next weights: larger if the radii hold too few or too many landmarks."""
    off = _off(fitted, sample)
    # Relative to the mean: weight moves from corruptions that fit well to those that do not.
    grown = counts[1:] * np.exp(BALANCE * (off[1:] - off[1:].mean()))
    grown = np.clip(grown, 1 / MOST_COUNTED, MOST_COUNTED)
    # Clean photos keep their share of all weight.
    return np.concatenate([[CLEAN_WEIGHT * grown.mean()], grown])


def _fit(
    scheme: Scheme,
    features: Floats,
    errors: Floats,
    counts: Floats,
    form: Form,
    face: tuple[Floats, float, float],
) -> Calibration:
    """A calibration from (C * N, K, F) features, (C * N, K) errors, (C,) weights of conditions."""
    # Features are clipped to the range of the fit: a line of a logarithm runs far off beyond it.
    low, high = features.min(axis=(0, 1)), features.max(axis=(0, 1))  # (F,) each
    margin = MARGIN * (high - low) + 1e-3  # some room even if a feature is constant in the fit
    weights = np.zeros((scheme.size, 1 + FEATURES))
    levels = np.zeros((scheme.size, 2))
    quantiles = np.zeros((scheme.size, len(PROBABILITIES), 3))
    # (C N,): the flat arrays hold all faces of the first condition, then those of the next.
    of_faces = counts.repeat(len(errors) // len(counts))
    for indices in scheme.groups.values():
        of = list(indices)
        weights[of], levels[of], quantiles[of] = _fit_group(
            features[:, of], errors[:, of], of_faces, form
        )
    return Calibration(
        scheme, low - margin, high + margin, weights, levels, PROBABILITIES, quantiles, *face
    )


def isotonic_radii(sample: ErrorSample, others: ErrorSample, probability: float) -> Floats:
    """(C, N, K) radii of `others`, by isotonic regression of `sample`'s errors on scales alone.

    The yardstick for `fit`: in each group the mean error is any function of the relative
    scale that does not fall.
    """
    scheme = sample.scheme
    landmarks, scales, _ = others.flat
    sides = face_sides(landmarks)  # (C N,)
    radii = np.empty(scales.shape)
    features, errors = _features_and_errors(sample)
    for indices in scheme.groups.values():
        of = list(indices)
        seen = ~np.isnan(errors[:, of])  # (C N, G)
        # Feature 0 is ln(scale / mean scale) and 1 is ln(mean scale / side): together ln(scale /
        # side).
        x, y = features[:, of, :2].sum(axis=-1)[seen], errors[:, of][seen]
        order = np.argsort(x, kind="stable")  # np.interp wants x to ascend
        means = np.maximum(isotonic_regression(y[order]).x, 1e-6)
        # One ratio for a group: here the distribution does not change with the scale.
        ratio = np.quantile(y[order] / means, probability)
        at = np.log(np.maximum(scales[:, of], 1e-6) / sides[:, None])  # (C N, G), the same feature
        radii[:, of] = np.interp(at, x[order], means) * ratio * sides[:, None]
    return radii.reshape(others.scales.shape)


def _features_and_errors(sample: ErrorSample) -> tuple[Floats, Floats]:
    """(C * N, K, F) features, and (C * N, K) errors in sides of the face."""
    landmarks, scales, textures = sample.flat
    errors = sample.errors.reshape(scales.shape) / face_sides(landmarks)[:, None]
    return features_of(sample.scheme, landmarks, scales, textures), errors


def _fit_group(
    features: Floats, errors: Floats, counts: Floats, form: Form
) -> tuple[Floats, Floats, Floats]:
    """(M, G, F) features, (M, G) errors, (M,) counts -> (G, 1 + F) weights, (2,) levels, (P, 3)."""
    count = errors.shape[1]  # G
    seen = ~np.isnan(errors)  # (M, G)
    # A column for each landmark of the group, in place of one constant for all: some are harder.
    # (visible, G), one-hot.
    constants = np.broadcast_to(np.eye(count), (*errors.shape, count))[seen]
    chosen = form.features
    if chosen:
        inputs = features[seen][:, list(chosen)]  # (visible, chosen)
    else:  # the scale of the landmark, relative to the side of the face
        inputs = features[seen][:, :2].sum(axis=1, keepdims=True)
    x, y = np.hstack([inputs, constants]), errors[seen]  # (visible, chosen + G), (visible,)
    # Radii may not fall if a scale grows, of the landmark or of all.
    counted = np.broadcast_to(counts[:, None], errors.shape)[seen]
    # GROWING counts the first features, which are scales; `chosen` is sorted and begins with them.
    b = gamma_regression(x, y, counted, growing=GROWING if chosen else 1)
    weights = np.zeros((count, 1 + FEATURES))
    weights[:, 0] = b[inputs.shape[1] :]
    # Of the plain scale, ln(scale / side), the weight goes to both features that it is the sum of.
    weights[:, 1:][:, list(chosen or (0, 1))] = b[: inputs.shape[1]]
    means = x @ b  # (visible,), ln of the mean error in sides of the face
    # Logarithms, because a ratio of 2 is as far from 1 as a half is.
    ratios = np.log(np.maximum(y, 1e-9)) - means
    levels = np.quantile(means, LEVELS)  # (2,)
    quantiles = np.zeros((len(PROBABILITIES), 3))  # constant, of the mean, of the spread
    quantiles[:, 0] = _quantiles(ratios, counted)
    if form.changing:
        inputs = ratio_features(means, levels, features[seen][:, SPREAD])  # (visible, 3)
        for row, p in zip(quantiles, PROBABILITIES, strict=True):
            # Begins with the quantile that does not change.
            row[:] = quantile_regression(inputs, ratios, counted, p, row)
    return weights, levels, quantiles


def _quantiles(values: Floats, counts: Floats) -> Floats:
    """Quantiles of weighted values, at `PROBABILITIES`."""
    order = np.argsort(values)
    # Each value stands in the middle of its own weight.
    below = np.cumsum(counts[order]) - counts[order] / 2
    # Interpolates the values over their shares of all weight.
    return np.interp(PROBABILITIES, below / counts.sum(), values[order])


def _fit_face(
    sample: ErrorSample, features: Floats, errors: Floats, counts: Floats, form: Form
) -> tuple[Floats, float, float]:
    """The weights of a face's mean error, then slope and shift of its confidence."""
    of_faces = counts.repeat(len(sample.sizes))
    shared = features.mean(axis=1)[:, 1:]  # (C N, F - 1): the same for all landmarks, or their mean
    # The first feature and the last compare landmarks of one face: their means are 0 but for
    # rounding, which a weight would enlarge.
    used = [i - 1 for i in form.features if 0 < i < FEATURES - 1] or [0]  # columns of `shared`
    x = np.hstack([shared[:, used], np.ones((len(shared), 1))])  # the last column is the constant
    # The first column is the mean scale, which may not lower the error.
    b = gamma_regression(x, mean_of_visible(errors, axis=1), of_faces, growing=1)
    face = np.zeros(FEATURES)  # the place of feature 0 holds the constant
    face[0] = b[-1]
    face[1:][used] = b[:-1]
    landmarks = sample.flat[0]
    lengths = normalisers(landmarks, sample.scheme)
    # Logarithm of the expected mean error over `BAD` d: 0 at the limit.
    beyond = face[0] + shared @ face[1:] + np.log(face_sides(landmarks) / lengths / BAD)
    bad = sample.failures.ravel() > 100 * BAD  # (C N,)

    # Logistic regression: bad or not, by how far the expected error lies beyond `BAD`.
    def loss(parameters: Floats) -> float:
        odds = parameters[0] * (beyond - parameters[1])
        return float(np.logaddexp(0, np.where(bad, -odds, odds)).mean())

    # The slope stays above 0, so that the confidence falls with the expected error.
    bounds = [SLOPES, (-2.0, 2.0)]
    slope, shift = minimize(loss, np.array([5.0, 0.0]), bounds=bounds, method="L-BFGS-B").x
    return face, float(slope), float(shift)
