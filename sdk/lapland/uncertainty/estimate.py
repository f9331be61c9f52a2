"""How far off the landmarks of some faces are, by a calibration: computed once, asked repeatedly.

Radii at any probability and the confidence begin with the same features, which take longest. For a
single face nearly all of that time is that of calling numpy, so calls are few: features stand in
one row, and a probability takes one line for each landmark.
"""

import bisect
import functools
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..base.arrays import Floats
from ..base.boxes import around
from ..base.errors import check_probability
from ..base.once import once
from ..schemes.normaliser import box_sides, normalisers
from .border import ImageSize, shares_of
from .features import SPREAD, ratio_features, rows_of
from .fitted import Fitted
from .weibull import weibull_place

# A face is good if its mean error is below this share of d: `confidence` is its probability.
BAD = 0.08
FAR = 20.0  # largest logarithm, so that radii stay finite with any file
APART = 1e-6  # of the logarithms of one quantile and the next


class Estimate:
    """Radii and confidence of N faces. It keeps a number a landmark, as faces may be many."""

    def __init__(
        self,
        fitted: Fitted,
        landmarks: Floats,
        scales: Floats,
        textures: Floats,
        image_size: ImageSize | None,
    ) -> None:
        self._fitted = fitted
        self._landmarks, self._scales, self._textures = landmarks, scales, textures
        points = np.asarray(landmarks, np.float64)
        boxes = around(points)
        self._sides = box_sides(boxes)
        self._shares = shares_of(points, boxes, self._sides, image_size)

    def radii(self, probability: float) -> NDArray[np.float32]:
        """(N, K) float32, pixels: see `Calibration.radii`."""
        check_probability(probability)
        line = line_at(self._fitted, float(probability))
        means, spreads = self._errors
        if line is None:
            ratios = crossing_ratios(self._fitted, means, spreads, probability)
        else:
            least, most = self._fitted.levels.T
            bounded = np.minimum(np.maximum(means, least), most)
            ratios = line.constant + line.level * bounded + line.spread * spreads
        logs = np.minimum(np.maximum(means + ratios, -FAR), FAR)
        radii = self._sides[:, None] * np.exp(logs)
        if self._shares is not None:
            at_border = self._fitted.hidden.radius(probability) * self._sides[:, None]
            radii = np.maximum(radii, at_border * self._shares)
        return radii.astype(np.float32)

    def confidence(self) -> NDArray[np.float32]:
        """(N,) float32: see `Calibration.confidence`."""
        fitted = self._fitted
        # The first feature compares landmarks of one face, so a face has none.
        means = self._rows().dot(fitted.places.means)[:, 1:]
        shared = np.minimum(np.maximum(means, fitted.low[1:]), fitted.high[1:])
        mean = fitted.face[0] + shared @ fitted.face[1:]
        if self._shares is not None:
            hidden = fitted.hidden.mean * self._shares
            mean = np.clip(mean, -FAR, FAR)  # of places that are no faces
            mean = mean + np.log(np.maximum(1, hidden / np.exp(mean)[:, None]).mean(axis=1))
        lengths = normalisers(self._landmarks, fitted.scheme)
        beyond = mean + np.log(self._sides / lengths / BAD)
        odds = np.clip(fitted.slope * (beyond - fitted.shift), -500, 500)
        sure: NDArray[np.float32] = (1 / (1 + np.exp(odds))).astype(np.float32)
        return sure

    @once
    def _errors(self) -> tuple[Floats, Floats]:
        """Logarithms of the mean errors in sides of the face (N, K), and spreads (N, 1)."""
        fitted, columns = self._fitted, self._fitted.places
        least, most = fitted.row_limits
        rows = np.minimum(np.maximum(self._rows(), least), most)
        own, detail, shared, constant = fitted.row_weights
        means = rows[:, columns.shared].dot(shared)
        means += rows[:, columns.own] * own
        means += rows[:, columns.detail] * detail
        means += constant
        return means, rows[:, columns.face][:, 1:].copy()

    def _rows(self) -> Floats:
        return rows_of(self._fitted.places, self._sides, self._scales, self._textures)


class Line(NamedTuple):
    """ln(error / mean error) at one probability: constant + level * mean + spread * spread.

    Each is (K,); the mean is bounded by the levels of the calibration.
    """

    constant: Floats
    level: Floats
    spread: Floats


# Few callers ask for more than two probabilities.
@functools.lru_cache(maxsize=32)
def line_at(fitted: Fitted, probability: float) -> Line | None:
    """The line of each landmark; None if a line below it may lie above it."""
    i, part = between(fitted, probability)
    if not (_highest(fitted, i) and _highest(fitted, i + 1)):
        return None
    below, above = fitted.quantiles[:, i], fitted.quantiles[:, i + 1]
    constant, level, spread = (below * (1 - part) + above * part).T.copy()
    return Line(constant + APART * (i + part), level, spread)


def crossing_ratios(fitted: Fitted, means: Floats, spreads: Floats, probability: float) -> Floats:
    """(N, K) logarithms of error / mean error at a probability.

    Each line was fitted alone, so lines may cross at the edge of the fit and outside. A larger
    error is not less probable, so the highest line up to a probability counts.
    """
    i, part = between(fitted, probability)
    features = ratio_features(means, fitted.levels.T, np.broadcast_to(spreads, means.shape))
    found = np.einsum("nkj,kpj->nkp", features, fitted.quantiles[:, : i + 2])
    ascending = np.maximum.accumulate(found, axis=-1)
    ratios: Floats = ascending[..., i] * (1 - part) + ascending[..., i + 1] * part
    return ratios + APART * (i + part)


def between(fitted: Fitted, probability: float) -> tuple[int, float]:
    """The measured probability before this one, and how far it is on the way to the next.

    Between and beyond the measured ones ln(error) is linear in ln(-ln(1 - p)), as for a Weibull
    distribution.
    """
    at = np.log(-np.log1p(-fitted.probabilities)).tolist()
    place = weibull_place(probability)
    i = min(max(bisect.bisect_left(at, place) - 1, 0), len(at) - 2)
    return i, (place - at[i]) / (at[i + 1] - at[i])


def _highest(fitted: Fitted, i: int) -> bool:
    """Whether no line before the i-th lies above it within the bounds of their features.

    Lines of two variables cross within a rectangle only if they do at one of its corners.
    """
    lines = fitted.quantiles[:, : i + 1]
    corners = [
        lines[..., 0] + lines[..., 1] * level[:, None] + lines[..., 2] * spread
        for level in fitted.levels.T
        for spread in (fitted.low[SPREAD], fitted.high[SPREAD])
    ]
    return all((corner <= corner[:, -1:]).all() for corner in corners)
