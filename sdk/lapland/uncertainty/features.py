"""Features that estimate the error of each landmark."""

import functools
from collections.abc import Mapping

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
    least = np.maximum(np.asarray(scales, np.float64), LEAST)
    means = least.mean(axis=1, keepdims=True)
    features = np.empty((*least.shape, FEATURES))
    features[..., 0] = np.log(least / means)
    features[..., 1] = np.log(means / face_sides(landmarks)[:, None])
    features[..., 2] = features[..., 0] @ group_means(scheme.groups)
    features[..., SPREAD] = np.log(least).std(axis=1, keepdims=True)
    end = 4 + TEXTURE
    features[..., 4:end] = textures[:, None, :TEXTURE]
    unusual = textures[:, None, : len(SHARP)] - SHARP
    features[..., end:-1] = unusual[..., PAIRS[0]] * unusual[..., PAIRS[1]]
    features[..., -1] = textures[:, TEXTURE:]
    return features


def group_means(groups: Mapping[str, tuple[int, ...]]) -> NDArray[np.float64]:
    """(K, K): a row of K values times it is the mean of the group of each."""
    return _means_of(tuple(groups.values()))


@functools.lru_cache(maxsize=8)
def _means_of(groups: tuple[tuple[int, ...], ...]) -> NDArray[np.float64]:
    size = sum(map(len, groups))
    means = np.zeros((size, size))
    for indices in groups:
        means[np.ix_(indices, indices)] = 1 / len(indices)
    return means


def ratio_features(means: Floats, levels: Floats, spreads: Floats) -> NDArray[np.float64]:
    """Features of the distribution of error / mean error, (..., 3).

    Args:
        means: (...), logarithms of mean errors.
        levels: (2, ...), least and largest of these that make a difference.
        spreads: (...), of the scales of the face.
    """
    least, most = levels
    return np.stack([np.ones_like(means), np.clip(means, least, most), spreads], axis=-1)
