"""How light the skin of a face is in its photo."""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from lapland.schemes.ibug68 import IBUG68
from lapland.schemes.scheme import Scheme

# Corners of the two cheeks, drawn towards their middle: no eye, lip, beard or background.
# Lower lid, outer corner of the eye, two points of the jaw, corner of the mouth, nostril.
CHEEKS = ((41, 36, 2, 4, 48, 31), (46, 45, 14, 12, 54, 35))
SHRUNK = 0.6  # of the distances from the middle
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
        polygon = landmarks[list(corners)]  # (6, 2)
        if np.isnan(polygon).any():
            continue
        polygon = polygon.mean(axis=0) + SHRUNK * (polygon - polygon.mean(axis=0))
        mask = np.zeros(image.shape[:2], np.uint8)  # fillPoly cuts off the part beyond the photo
        cv2.fillPoly(mask, [np.round(polygon).astype(np.int32)], 1)
        pixels = image[mask > 0]  # (n, 3) BGR
        if len(pixels) >= FEWEST_PIXELS:
            # (3,) float32 of 0..1, for which OpenCV gives L of 0..100.
            median = np.median(pixels, axis=0).astype(np.float32) / 255
            # A picture of one pixel, as cvtColor wants one.
            colours.append(cv2.cvtColor(median[None, None], cv2.COLOR_BGR2LAB)[0, 0])
    if not colours:
        return np.nan
    lightness, _, blue_to_yellow = max(colours, key=lambda lab: lab[0])
    # A bluish cheek, b below 0, would turn the angle beyond 90 degrees.
    return float(np.degrees(np.arctan2(lightness - 50, max(blue_to_yellow, 1e-3))))
