"""Softargmax within a window about the peak."""

import functools

import numpy as np

from ..base.arrays import Float32, Indices
from .maps import channels_last, in_crop

# Chosen on the validation faces of 300-W, of widths 1/8 and 1/2-lite.
WINDOW = 6  # crop pixels from the peak to the end of the window
TEMPERATURE = 1.0  # of the softmax in the window


def local_softargmax(logits: Float32, stride: int) -> Float32:
    """Softargmax in a window about the peak, s = sum_w p(x) x / sum_w p(x).

    The local decoding of *Subpixel Heatmap Regression for Facial Landmark Localization* (Bulat et
    al., 2021). A window that would reach over the border is moved inside.

    Args:
        logits: (N, K, H, W), the maps; p is their softmax.
        stride: crop pixels from one pixel of the maps to the next.

    Returns:
        (N, K, 2) float32, crop pixels.
    """
    n, k, height, width = logits.shape
    flat, pixelwise = channels_last(logits)
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
    return in_crop(x / total + left, y / total + top, stride).reshape(n, k, 2)


@functools.lru_cache(maxsize=16)
def _window(
    n: int, k: int, height: int, width: int, pixelwise: bool, stride: int
) -> tuple[Indices, Indices, Indices, Float32]:
    """Where maps, the rows of one and the pixels of a window lie in memory; a window's moments.

    Returns:
        (N K,), (H,) and (side * side,); and (side * side, 3), the factors that give sum, x and y of
        a square of masses.
    """
    face, landmark = np.divmod(np.arange(n * k), k)
    pixel = k if pixelwise else 1
    maps = face * (k * height * width) + landmark * (1 if pixelwise else height * width)
    side = 2 * (WINDOW // stride) + 1
    y, x = (axis.ravel() for axis in np.mgrid[:side, :side])
    moments = np.stack([np.ones_like(x), x, y], axis=1).astype(np.float32)
    return maps, np.arange(height) * (width * pixel), (y * width + x) * pixel, moments
