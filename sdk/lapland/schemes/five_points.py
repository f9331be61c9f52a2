"""Five points of a face from its landmarks."""

import functools

import numpy as np

from ..base.arrays import Floats
from .scheme import Scheme


def five_of(scheme: Scheme, landmarks: Floats) -> Floats:
    """Eyes, nose and corners of the mouth, as means of landmarks: (N, K, 2) -> (N, 5, 2)."""
    five: Floats = means_of(scheme) @ np.asarray(landmarks, np.float64)
    return five


def means_of(scheme: Scheme) -> Floats:
    """(5, K): which landmarks count for each of the five points, and how much."""
    return _means(scheme.size, scheme.five)


@functools.lru_cache(maxsize=8)
def _means(size: int, five: tuple[tuple[int, ...], ...]) -> Floats:
    means = np.zeros((len(five), size))
    for row, indices in zip(means, five, strict=True):
        row[list(indices)] = 1 / len(indices)
    return means
