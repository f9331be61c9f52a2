"""Features that estimate the error of each landmark.

Most of them are the same for all landmarks of a face, or of a group. So `rows_of` gives each once,
in a row for each face, and radii follow from these rows. `features_of` repeats them for each
landmark, for the fit of a calibration.
"""

import functools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..base.arrays import Floats
from ..crop.texture import TEXTURE
from ..schemes.normaliser import LEAST, face_sides
from ..schemes.scheme import Scheme

# Typical textures of sharp photos. Products of the deviations from them distinguish noise in little
# light from noise, and blur from few pixels.
SHARP = np.array([0.0, 0.2, 0.4, 2.2])
PAIRS = np.triu_indices(len(SHARP))
GROWING = 3  # the first so many features grow with scales, and no error may fall with them
SPREAD = 3  # which of the features it is
FEATURES = 4 + TEXTURE + len(PAIRS[0]) + 1
GROUP = 2  # which of the features is the mean over a group
_SHARP = np.append(SHARP, np.zeros(TEXTURE - len(SHARP)))
_FIRST, _SECOND = np.eye(TEXTURE)[:, PAIRS[0]], np.eye(TEXTURE)[:, PAIRS[1]]  # choose factors


@dataclass(frozen=True, eq=False)
class Columns:
    """Columns of the features of K landmarks in G groups in a row of `rows_of`.

    Attributes:
        size: columns of a row: K and K for the features of landmarks alone, G for those of groups,
            the others for those of the face.
        own, detail, shared: ranges of columns; the last for groups and face.
        groups, face, texture, products: ranges within these.
        sums: (K, G + 1): a row of K values times it gives the means of the groups, and of all.
        places: (F, K), the column of each feature of each landmark.
        means: (columns, F): a row times it gives the means of the features over the landmarks.
    """

    size: int
    own: slice
    detail: slice
    shared: slice
    groups: slice
    face: slice
    texture: slice
    products: slice
    sums: Floats
    places: NDArray[np.intp]
    means: Floats

    def values(self, features: Floats) -> Floats:
        """(F,) values of the features -> one for each column."""
        values = np.zeros(self.size)
        values[self.places] = features[:, None]
        return values

    def weights(self, weights: Floats) -> Floats:
        """(K, F) weights of each landmark's features -> (shared columns, K)."""
        matrix = np.zeros((self.size, len(weights)))
        matrix[self.places, np.arange(len(weights))] = weights.T
        return matrix[self.shared].copy()


def columns_of(scheme: Scheme) -> Columns:
    """The columns of the rows of a scheme."""
    return _columns(tuple(scheme.groups.values()))


@functools.lru_cache(maxsize=8)
def _columns(groups: tuple[tuple[int, ...], ...]) -> Columns:
    k, g = sum(map(len, groups)), len(groups)
    ends = np.cumsum([0, k, k, g, 2, TEXTURE, len(PAIRS[0])]).tolist()
    own, detail, of_groups, face, texture, products = map(slice, ends[:-1], ends[1:])
    sums, places = np.zeros((k, g + 1)), np.empty((FEATURES, k), np.intp)
    sums[:, -1] = 1 / k
    for number, indices in enumerate(groups):
        sums[list(indices), number] = 1 / len(indices)
        places[GROUP, list(indices)] = of_groups.start + number
    places[0], places[-1] = np.arange(k), np.arange(k, 2 * k)
    places[1], places[SPREAD] = face.start, face.start + 1
    places[4:-1] = np.arange(texture.start, products.stop)[:, None]
    means = np.zeros((products.stop, FEATURES))
    np.add.at(means, (places, np.arange(FEATURES)[:, None]), 1 / k)
    shared = slice(of_groups.start, products.stop)
    ranges = own, detail, shared, of_groups, face, texture, products
    return Columns(products.stop, *ranges, sums, places, means)


def rows_of(
    columns: Columns, sides: Floats, scales: Floats, textures: Floats
) -> NDArray[np.float64]:
    """Features of N faces, each once: (N, columns).

    Products are those of `dot`, which takes half the time of `@` for a face.

    Args:
        columns: their places.
        sides: (N,) sides of the faces, pixels.
        scales: (N, K), pixels.
        textures: (N, 5 + K), of `texture`.
    """
    rows: NDArray[np.float64] = np.empty((len(scales), columns.size))
    own, face, texture = rows[:, columns.own], rows[:, columns.face], rows[:, columns.texture]
    own[:] = scales
    np.maximum(own, LEAST, out=own)
    levels = np.log(own.dot(columns.sums)[:, -1])
    np.subtract(np.log(own), levels[:, None], out=own)
    means = own.dot(columns.sums)
    rows[:, columns.groups] = means[:, :-1]
    # The standard deviation of the logarithms is that of `own`, which differ by a constant.
    squares = (own * own).dot(columns.sums)
    face[:, 0] = levels - np.log(sides)
    face[:, 1] = np.sqrt(np.maximum(squares[:, -1] - means[:, -1] ** 2, 0))
    rows[:, columns.detail] = textures[:, TEXTURE:]
    texture[:] = textures[:, :TEXTURE]
    unusual = texture - _SHARP
    np.multiply(unusual.dot(_FIRST), unusual.dot(_SECOND), out=rows[:, columns.products])
    return rows


def features_of(
    scheme: Scheme, landmarks: Floats, scales: Floats, textures: Floats
) -> NDArray[np.float64]:
    """Features that estimate the error of each landmark.

    They do not depend on the photo's size.

    Returns:
        (N, K, 20): logarithm of the landmark's scale relative to the mean scale of its face; of
        that mean relative to the side of the face; the mean of the first over the landmark's group;
        the spread of the scales, which is the standard deviation of their logarithms; the texture
        of the crop; products of it; and the detail about the landmark.
    """
    columns = columns_of(scheme)
    rows = rows_of(columns, face_sides(landmarks), scales, textures)
    features: NDArray[np.float64] = rows[:, columns.places].transpose(0, 2, 1)
    return features


def ratio_features(means: Floats, levels: Floats, spreads: Floats) -> NDArray[np.float64]:
    """Features of the distribution of error / mean error, (..., 3).

    Args:
        means: (...), logarithms of mean errors.
        levels: (2, ...), least and largest of these that make a difference.
        spreads: (...), of the scales of the face.
    """
    least, most = levels
    return np.stack([np.ones_like(means), np.clip(means, least, most), spreads], axis=-1)
