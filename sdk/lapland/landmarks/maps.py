"""Layout and coordinates of heatmaps."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..base.arrays import Float32


def channels_last(logits: Float32) -> tuple[Float32, bool]:
    """The numbers in the order of memory; whether that is pixel by pixel, as of int8 networks."""
    pixelwise = logits.transpose(0, 2, 3, 1)
    if pixelwise.flags.c_contiguous and not logits.flags.c_contiguous:
        return pixelwise.reshape(-1), True
    return np.ascontiguousarray(logits).reshape(-1), False


def in_crop(x: NDArray[Any], y: NDArray[Any], stride: int) -> Float32:
    """Pixels of a map, (M,) each -> crop pixels (M, 2): each covers `stride` of these."""
    found = np.empty((len(x), 2), np.float32)
    found[:, 0], found[:, 1] = x, y
    found *= stride
    found += (stride - 1) / 2
    return found
