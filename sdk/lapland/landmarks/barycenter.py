"""Barycenter of the values near the peak."""

import functools
import math

import numpy as np

from ..base.arrays import Float32, Indices
from .maps import channels_last, in_crop

FLOOR = 0.03  # of the peak's probability; less counts as none
_LEAST = np.float32(math.log(FLOOR))
_ROWS = 8  # rows of a map that are searched together


def barycenter(logits: Float32, stride: int) -> Float32:
    """Centre of mass of the values that stand out of a map: of p above a share of its peak.

    *2D Wasserstein Loss for Robust Facial Landmark Detection* (Yan et al., 2020) takes the
    barycenter of the whole map, which is softargmax if the map is a softmax. The floor makes it
    robust: a faint haze over all of a map has its mean in the middle of the crop.

    Args:
        logits: (N, K, H, W), the maps; p is their softmax.
        stride: crop pixels from one pixel of the maps to the next.

    Returns:
        (N, K, 2) float32, crop pixels.
    """
    n, k, height, width = logits.shape
    flat, pixelwise = channels_last(logits)
    # Most of a map is far below its floor: the maxima of groups of rows show the rows that matter.
    rows = math.gcd(height, _ROWS)
    groups = height // rows
    if pixelwise:
        highest = flat.reshape(n, groups, rows, width * k).max(axis=2)
        peaks = highest.max(axis=1).reshape(n, width, k).max(axis=1, keepdims=True)
        found = highest >= (peaks + _LEAST).repeat(width, axis=1).reshape(n, 1, width * k)
    else:
        highest = flat.reshape(n, k, groups, rows, width).max(axis=3)
        peaks = highest.max(axis=(2, 3), keepdims=True)
        found = highest >= peaks + _LEAST
    pixel = k if pixelwise else 1
    place, landmark = np.divmod(found.ravel().nonzero()[0], pixel)
    group, x = np.divmod(place, width)
    of, group_of_map = np.divmod(group, groups)
    of = of * pixel + landmark
    first = (group * (rows * width) + x) * pixel + landmark
    steps, moments = _rows(rows, width * pixel)
    below = flat.take(first[:, None] + steps)
    below -= peaks.ravel().take(of)[:, None]
    total, y = ((below >= _LEAST) * np.exp(below) @ moments).T
    sums, x, y = (
        np.bincount(of, weights, minlength=n * k)
        for weights in (total, total * x, total * (group_of_map * rows) + y)
    )
    return in_crop(x / sums, y / sums, stride).reshape(n, k, 2)


@functools.lru_cache(maxsize=16)
def _rows(rows: int, step: int) -> tuple[Indices, Float32]:
    """Offsets of a column's rows in memory, (rows,), and weights that sum mass and y, (rows, 2)."""
    y = np.arange(rows)
    return y * step, np.stack([np.ones_like(y), y], axis=1).astype(np.float32)
