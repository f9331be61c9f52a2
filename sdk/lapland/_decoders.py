"""Heatmaps -> landmarks in other ways than the graph's, which takes the mean over all of a map.

`softargmax` is what the networks are trained for, and the graph computes it beside the scales. The
others see less of a map, which leaves out what lies far from the landmark. They run here and not
in the graph, since onnxruntime computes every output of a graph, asked for or not.
"""

import functools
import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

# Chosen on the validation faces of 300-W, of widths 1/8 and 1/2-lite.
WINDOW = 6  # crop pixels from the peak to the end of the window
TEMPERATURE = 1.0  # of the softmax in the window
FLOOR = 0.03  # of the peak's probability; less counts as none
_LEAST = np.float32(math.log(FLOOR))
_ROWS = 8  # of a map that are looked at together

Array = NDArray[np.float32]
Indices = NDArray[np.intp]


def local_softargmax(logits: Array, stride: int) -> Array:
    """Softargmax in a window about the peak, s = sum_w p(x) x / sum_w p(x).

    The local decoding of *Subpixel Heatmap Regression for Facial Landmark Localization* (Bulat et
    al., 2021). A window that would reach over the border is moved inside.

    Args:
        logits: (N, K, H, W), the maps of which the softmax is p.
        stride: crop pixels from one pixel of the maps to the next.

    Returns:
        (N, K, 2) float32, crop pixels.
    """
    n, k, height, width = logits.shape
    flat, pixelwise = _as_it_lies(logits)
    maps, rows, inside, moments = _window(n, k, height, width, pixelwise, stride)
    pixel = k if pixelwise else 1
    if pixelwise:
        highest = flat.reshape(n, height, width, k).max(axis=1)  # of each column
        column = highest.transpose(0, 2, 1).reshape(n * k, width).argmax(axis=1)
        row = flat.take((maps + column * pixel)[:, None] + rows).argmax(axis=1)
    else:
        row, column = np.divmod(flat.reshape(n * k, height * width).argmax(axis=1), width)
    reach = WINDOW // stride
    top = np.minimum(np.maximum(row - reach, 0), height - 2 * reach - 1)
    left = np.minimum(np.maximum(column - reach, 0), width - 2 * reach - 1)
    window = flat.take((maps + (top * width + left) * pixel)[:, None] + inside)
    window -= window.max(axis=1, keepdims=True)
    window /= TEMPERATURE
    total, x, y = (np.exp(window, out=window) @ moments).T
    return _in_crop(x / total + left, y / total + top, stride).reshape(n, k, 2)


@functools.lru_cache(maxsize=16)
def _window(
    n: int, k: int, height: int, width: int, pixelwise: bool, stride: int
) -> tuple[Indices, Indices, Indices, Array]:
    """Where maps, the rows of one and the pixels of a window lie in memory; a window's moments.

    Returns:
        (N K,), (H,) and (side * side,); and (side * side, 3), what a square of masses is multiplied
        with for its sum, x and y.
    """
    face, landmark = np.divmod(np.arange(n * k), k)
    pixel = k if pixelwise else 1
    maps = face * (k * height * width) + landmark * (1 if pixelwise else height * width)
    side = 2 * (WINDOW // stride) + 1
    y, x = (axis.ravel() for axis in np.mgrid[:side, :side])
    moments = np.stack([np.ones_like(x), x, y], axis=1).astype(np.float32)
    return maps, np.arange(height) * (width * pixel), (y * width + x) * pixel, moments


def barycenter(logits: Array, stride: int) -> Array:
    """Centre of mass of what stands out of a map: of p where it is above a share of its peak.

    *2D Wasserstein Loss for Robust Facial Landmark Detection* (Yan et al., 2020) takes the
    barycenter of the whole map, which of a softmax is softargmax. The floor is what makes it
    robust: a faint haze over all of a map has its mean in the middle of the crop.

    Args:
        logits: (N, K, H, W), the maps of which the softmax is p.
        stride: crop pixels from one pixel of the maps to the next.

    Returns:
        (N, K, 2) float32, crop pixels.
    """
    n, k, height, width = logits.shape
    flat, pixelwise = _as_it_lies(logits)
    # Most of a map is far below its floor: the highest of every few rows tell where to look.
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
    return _in_crop(x / sums, y / sums, stride).reshape(n, k, 2)


@functools.lru_cache(maxsize=16)
def _rows(rows: int, step: int) -> tuple[Indices, Array]:
    """Where the rows of a column lie in memory, (rows,), and what sums masses and y, (rows, 2)."""
    y = np.arange(rows)
    return y * step, np.stack([np.ones_like(y), y], axis=1).astype(np.float32)


def _as_it_lies(logits: Array) -> tuple[Array, bool]:
    """The numbers in the order of memory; whether that is pixel by pixel, as of int8 networks."""
    pixelwise = logits.transpose(0, 2, 3, 1)
    if pixelwise.flags.c_contiguous and not logits.flags.c_contiguous:
        return pixelwise.reshape(-1), True
    return np.ascontiguousarray(logits).reshape(-1), False


def _in_crop(x: NDArray[Any], y: NDArray[Any], stride: int) -> Array:
    """Pixels of a map, (M,) each -> crop pixels (M, 2): each covers `stride` of these."""
    found = np.empty((len(x), 2), np.float32)
    found[:, 0], found[:, 1] = x, y
    found *= stride
    found += (stride - 1) / 2
    return found


DEFAULT_DECODER = "softargmax"
DECODERS: dict[str, Callable[[Array, int], Array] | None] = {
    DEFAULT_DECODER: None,  # the graph's
    "local": local_softargmax,
    "barycenter": barycenter,
}
