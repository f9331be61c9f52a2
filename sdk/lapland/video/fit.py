"""The landmarks of one crop, and how sure those of a face usually are."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .matching import Points

# Time constants in seconds of the usual mean scale, for a smaller and a larger one. The latter is
# slow, as landmarks stray gradually. Then the ratio to the usual one above which a face is uneasy
# (0.02 of it is the noise of a still face).
_SURER, _LESS_SURE = 0.1, 1.65
_UNEASY = 1.06


@dataclass(frozen=True, eq=False)
class Fit:
    """The landmarks that the network found in one crop.

    Attributes:
        start: (5, 2), the five points that placed the crop.
        landmarks: (K, 2) float32, image pixels.
        scales: (K,) float32, image pixels.
        texture: (5 + K,) float32, of the crop; without meaning if the model is not calibrated.
        five_points: (5, 2), the five points of the landmarks.
        mean_scale: mean of the scales in portrait pixels: 1.2 for most faces, 2 without a face.
        unsure: whether the mean scale is too large to trust the landmarks.
    """

    start: Points
    landmarks: NDArray[np.float32]
    scales: NDArray[np.float32]
    texture: NDArray[np.float32]
    five_points: Points
    mean_scale: float
    unsure: bool


class Usual:
    """The usual sureness of one face.

    Attributes:
        mean_scale: usual mean scale, portrait pixels; 0 before it is known.
        five_points: (5, 2), the start of its crop when its mean scale was last as usual.
    """

    def __init__(self) -> None:
        self.mean_scale = 0.0
        self.five_points: Points = np.zeros((5, 2))

    def is_uneasy(self, mean_scale: float) -> bool:
        """Whether landmarks are less sure than those of this face mostly are.

        If a face has two answers, as a mouth and the shade of a lip, the wrong one is the less
        sure, though many a right one is as unsure.
        """
        return mean_scale > _UNEASY * self.mean_scale > 0

    def learn(self, fit: Fit, seconds: float) -> bool:
        """Learns from the next frame, so many seconds after the one before.

        Returns:
            whether the face was uneasy in it.
        """
        uneasy = self.is_uneasy(fit.mean_scale)
        if not uneasy:
            self.five_points = fit.start
        if not self.mean_scale:
            self.mean_scale = fit.mean_scale
            return uneasy
        time = _SURER if fit.mean_scale < self.mean_scale else _LESS_SURE
        share = 1 - math.exp(-seconds / time)
        self.mean_scale = self.mean_scale + share * (fit.mean_scale - self.mean_scale)
        return uneasy
