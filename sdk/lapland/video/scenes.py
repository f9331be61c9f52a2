"""Cuts: notices that a frame has little in common with the one before."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

# Samples along the shorter side of a frame. More add nothing: neighbouring pixels agree.
_SAMPLES = 30
_MOST = 4096  # along the longer
# Least correlation of the samples of two frames of one scene: then each explains a quarter of the
# other's variance. Fast pans go below it, too, so it decides nothing alone: the tracker checks the
# faces.
_ALIKE = 0.5


class Scenes:
    """Compares each frame with the one before, by the brightness of some 1200 pixels."""

    def __init__(self) -> None:
        self._last: NDArray[np.float32] | None = None

    def changed(self, image: NDArray[np.uint8]) -> bool:
        """Whether this frame may start another scene; False for the first."""
        stride = max(1, min(image.shape[:2]) // _SAMPLES)
        # A frame of few rows may have a million columns.
        down, across = (max(stride, side // _MOST) for side in image.shape[:2])
        samples = image[down // 2 :: down, across // 2 :: across, 1].astype(np.float32)
        samples -= samples.mean()
        length = float(np.sqrt(np.vdot(samples, samples)))
        if length > 0:
            samples /= length
        last, self._last = self._last, samples
        if last is None:
            return False
        if last.shape != samples.shape:
            return True
        if length == 0 or not last.any():  # a frame of one colour is like another such frame only
            return bool(last.any()) or length > 0
        likeness: Any = np.vdot(last, samples)
        return bool(likeness < _ALIKE)
