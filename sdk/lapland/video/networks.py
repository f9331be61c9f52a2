"""The networks of a detector, as a tracker asks them: about a crop, a place, and near a place."""

from typing import Any

import cv2
import numpy as np

from ..crop.texture import TEXTURE
from ..detector import Detector
from ..image.loading import Image
from ..schemes.five_points import five_of
from .fit import Fit
from .matching import Points
from .motion import extent
from .portrait import Sight, look, portrait_pixel

# A search about a place: its reach, in longer sides of the five points (a face is 2.6 of them wide,
# and may move by more than its width in a frame); and the side of the shrunk face in pixels, small
# but found well by the detector. It takes some 3 ms, in an image of any size.
_REACH, _FACE_SIDE, _SHRUNK = 5.2, 2.6, 64


class Networks:
    """Answers about one image; nothing here depends on the frame before, or changes a track.

    Args:
        detector: whose networks they are.
        unsure: mean scale above which landmarks are not trusted, portrait pixels.

    Attributes:
        unsure: the same.
        face_detector: finds faces; its last stage is the O-Net, or stands for it.
        scheme: the meaning of each landmark.
        calibration: the meaning of the scales; None if the model has none.
    """

    def __init__(self, detector: Detector, unsure: float) -> None:
        self.face_detector, self._landmarks = detector.networks.faces, detector.networks.landmarks
        self.scheme, self.calibration = detector.model.scheme, detector.model.calibration
        self.unsure = unsure
        self._portrait_pixel = portrait_pixel(detector.model)

    def fit(self, image: Image, starts: Points) -> list[Fit]:
        """Landmarks from crops about five points (N, 5, 2)."""
        landmarks, scales, pixels, textures = self._landmarks.locate(image, starts, textured=True)
        mean_scales = (scales.mean(axis=1) / (pixels * self._portrait_pixel)).tolist()
        if textures is None:
            textures = np.zeros((len(starts), TEXTURE + self.scheme.size), np.float32)
        five = five_of(self.scheme, landmarks)
        unsure = [mean_scale > self.unsure for mean_scale in mean_scales]
        columns = starts, landmarks, scales, textures, five, mean_scales, unsure
        return [Fit(*row) for row in zip(*columns, strict=True)]

    def sight(self, image: Image, five_points: Points) -> Sight:
        """The O-Net looks at a place, five points (5, 2)."""
        return look(self.face_detector, image, five_points)

    def near(self, image: Image, five_points: Points) -> Points:
        """Faces about a place, found at once.

        Args:
            image: (H, W, 3) uint8 BGR.
            five_points: (5, 2), middle of the search, image pixels.

        Returns:
            (N, 5, 2), image pixels.
        """
        side, centre = max(extent(five_points), 1.0), five_points.mean(axis=0)
        left, top = np.maximum(np.floor(centre - _REACH * side), 0).astype(int).tolist()
        right, bottom = np.maximum(np.ceil(centre + _REACH * side), 0).astype(int).tolist()
        part = image[top:bottom, left:right]
        scale = min(1.0, _SHRUNK / (_FACE_SIDE * side))
        rows, columns = (round(length * scale) for length in part.shape[:2])
        if min(rows, columns) < 1:
            return np.zeros((0, 5, 2))
        small: Any = cv2.resize(part, (columns, rows), interpolation=cv2.INTER_AREA)
        five = self.face_detector.detect(small)[2].astype(np.float64)
        # Pixel centres are whole numbers in both.
        pixel = np.array([part.shape[1] / columns, part.shape[0] / rows])
        found: Points = (five + 0.5) * pixel - 0.5 + np.array([left, top])
        return found
