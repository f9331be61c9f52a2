"""Heatmaps -> landmarks in other ways than the graph's, which takes the mean over all of a map.

`softargmax` is what the networks are trained for, and the graph computes it beside the scales. The
others see less of a map, which leaves out what lies far from the landmark. They run here and not
in the graph, since onnxruntime computes every output of a graph, asked for or not.
"""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

# Chosen on the validation faces of 300-W, of widths 1/8 and 1/2-lite.
WINDOW = 6  # crop pixels from the peak to the end of the window
TEMPERATURE = 1.0  # of the softmax in the window
FLOOR = 0.03  # of the peak's probability; less counts as none

Array = NDArray[np.float32]


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
    face, landmark = np.divmod(np.arange(n * k), k)
    column = logits.max(axis=2).reshape(n * k, width).argmax(axis=1)
    row = logits[face, landmark, :, column].argmax(axis=1)
    reach = WINDOW // stride
    top = np.clip(row - reach, 0, height - 2 * reach - 1)
    left = np.clip(column - reach, 0, width - 2 * reach - 1)
    steps = np.arange(2 * reach + 1)
    flat, (of_face, of_landmark, of_row, of_column) = _as_it_lies(logits)
    first = face * of_face + landmark * of_landmark + top * of_row + left * of_column
    inside = ((steps * of_row)[:, None] + steps * of_column).ravel()
    window = flat.take(first[:, None] + inside)
    window -= window.max(axis=1, keepdims=True)
    p = np.exp(window / np.float32(TEMPERATURE))
    total, y, x = (p @ _moments(len(steps))).T
    return _in_crop(left + x / total, top + y / total, stride).reshape(n, k, 2)


def _moments(side: int) -> Array:
    """(side * side, 3): what a square of masses is multiplied with for its sum, y and x."""
    y, x = np.mgrid[:side, :side]
    return np.stack([np.ones_like(y), y, x], axis=-1).reshape(-1, 3).astype(np.float32)


def _as_it_lies(logits: Array) -> tuple[Array, tuple[int, ...]]:
    """The numbers in the order of memory, and how far apart neighbours of each axis are in it."""
    pixelwise = np.moveaxis(logits, 1, 3)  # as int8 networks give them
    if not pixelwise.flags.c_contiguous:
        logits = pixelwise = np.ascontiguousarray(logits)
    return pixelwise.reshape(-1), tuple(step // logits.itemsize for step in logits.strides)


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
    n, k, height, _ = logits.shape
    highest = logits.max(axis=2)  # of each column
    peaks = highest.max(axis=2, keepdims=True)
    least = np.float32(math.log(FLOOR))
    face, landmark, column = np.nonzero(highest >= peaks + least)  # few columns reach so high
    below = logits[face, landmark, :, column] - peaks[face, landmark]  # (M, H)
    found = np.flatnonzero(below >= least)
    line, row = np.divmod(found, height)
    mass = np.exp(below.reshape(-1)[found])
    of = (face * k + landmark)[line]
    total, x, y = (
        np.bincount(of, weights, minlength=n * k)
        for weights in (mass, mass * column[line], mass * row)
    )
    return _in_crop(x / total, y / total, stride).reshape(n, k, 2)


def _in_crop(x: NDArray[Any], y: NDArray[Any], stride: int) -> Array:
    """Pixels of a map, (M,) each -> crop pixels (M, 2): each covers `stride` of these."""
    return (np.stack([x, y], axis=1) * stride + (stride - 1) / 2).astype(np.float32)


DEFAULT_DECODER = "softargmax"
DECODERS: dict[str, Callable[[Array, int], Array] | None] = {
    DEFAULT_DECODER: None,  # the graph's
    "local": local_softargmax,
    "barycenter": barycenter,
}
