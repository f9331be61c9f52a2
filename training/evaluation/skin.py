"""How light the skin of a face is in its photo."""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from lapland.schemes.ibug68 import IBUG68
from lapland.schemes.scheme import Scheme

# Corners of the two cheeks, drawn towards their middle: no eye, lip, beard or background.
CHEEKS = ((41, 36, 2, 4, 48, 31), (46, 45, 14, 12, 54, 35))
SHRUNK = 0.6
FEWEST_PIXELS = 4


def tones(
    images: Sequence[NDArray[np.uint8]], landmarks: NDArray[np.floating], scheme: Scheme
) -> NDArray[np.float64] | None:
    """Individual typology angle of the lighter cheek of each face, degrees.

    The angle is arctan((L - 50) / b) of the median colour in CIE L*a*b*: skin above 41 is light,
    and below 10 dark. Light and camera move it, so it says how the skin looks in the photo.

    Args:
        images: N photos, (H, W, 3) uint8 BGR.
        landmarks: (N, K, 2), image pixels, NaN if not visible.
        scheme: the annotation scheme.

    Returns:
        (N,), NaN if no cheek is in the photo; None for other schemes than `ibug68`.
    """
    if scheme.name != IBUG68.name:
        return None
    found = [_tone(image, points) for image, points in zip(images, landmarks, strict=True)]
    return np.array(found, np.float64)


def _tone(image: NDArray[np.uint8], landmarks: NDArray[np.floating]) -> float:
    colours = []
    for corners in CHEEKS:
        polygon = landmarks[list(corners)]
        if np.isnan(polygon).any():
            continue
        polygon = polygon.mean(axis=0) + SHRUNK * (polygon - polygon.mean(axis=0))
        mask = np.zeros(image.shape[:2], np.uint8)
        cv2.fillPoly(mask, [np.round(polygon).astype(np.int32)], 1)
        pixels = image[mask > 0]
        if len(pixels) >= FEWEST_PIXELS:
            median = np.median(pixels, axis=0).astype(np.float32) / 255
            colours.append(cv2.cvtColor(median[None, None], cv2.COLOR_BGR2LAB)[0, 0])
    if not colours:
        return np.nan
    lightness, _, blue_to_yellow = max(colours, key=lambda lab: lab[0])
    return float(np.degrees(np.arctan2(lightness - 50, max(blue_to_yellow, 1e-3))))
