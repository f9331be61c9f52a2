"""Photos made worse on purpose, to see where a model fails.

The changes of pixels that need no chance of their own are shared with `training.augment`.
"""

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from lapland import _geometry as geometry

Picture = NDArray[np.uint8]

NOISE = 6  # levels of 255, with little light


@dataclass(frozen=True)
class Place:
    """Where a face lies in a picture, in pixels of that picture.

    Attributes:
        five: (5, 2), left eye, right eye, nose, left and right corner of the mouth.
        size: the length d that errors of the face are divided by.
        height: the longer side of the bounding box of its landmarks.
    """

    five: NDArray[np.floating]
    size: float
    height: float


def blurred(picture: Picture, sigma: float) -> Picture:
    """Gaussian blur, sigma in pixels."""
    return cv2.GaussianBlur(picture, (0, 0), sigma)


def shrunk(picture: Picture, width: int, height: int) -> Picture:
    """The picture in so few pixels."""
    return cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA)


def coarse(picture: Picture, width: int, height: int) -> Picture:
    """The picture in so few pixels, enlarged to its old size."""
    small = shrunk(picture, width, height)
    return cv2.resize(small, picture.shape[1::-1], interpolation=cv2.INTER_LINEAR)


def noisy(picture: Picture, sigma: float, rng: np.random.Generator) -> Picture:
    """Independent Gaussian noise on every value, sigma in levels of 255."""
    values = picture + rng.normal(0, sigma, picture.shape).astype(np.float32)
    return np.clip(values, 0, 255).astype(np.uint8)


def covered(picture: Picture, corners: NDArray[np.floating]) -> Picture:
    """A grey block over a convex polygon, (n, 2) pixels of the picture."""
    canvas = picture.copy()
    points = np.round(np.asarray(corners) * 16).astype(np.int32)  # of OpenCV's fixed point
    cv2.fillConvexPoly(canvas, points, (128, 128, 128), cv2.LINE_AA, 4)
    return canvas


@dataclass(frozen=True)
class Degradation:
    """One way to make a photo worse.

    Attributes:
        name: of the row of a table and the cell of a picture.
        change: the photo, the place of its face and a source of chance -> a photo of the same
            size.
    """

    name: str
    change: Callable[[Picture, Place, np.random.Generator], Picture]


def _blur(share: float) -> Degradation:
    def change(picture: Picture, place: Place, rng: np.random.Generator) -> Picture:
        return blurred(picture, share * place.size)

    return Degradation(f"blur of sigma {share:.2f} d", change)


def _small(pixels: int) -> Degradation:
    def change(picture: Picture, place: Place, rng: np.random.Generator) -> Picture:
        factor = min(1.0, pixels / place.height)
        height, width = (max(1, round(factor * side)) for side in picture.shape[:2])
        return coarse(picture, width, height)

    return Degradation(f"face of {pixels} px", change)


def _cover(what: str, points: list[int], width: float, height: float, below: float) -> Degradation:
    """A block about the middle of some of the five points.

    Its sides, and how far below it lies, are in longer sides of the rectangle of the five points,
    a third of the crop; it is turned with the face.
    """

    def change(picture: Picture, place: Place, rng: np.random.Generator) -> Picture:
        # A square of factor 1 whose crop has the points (0, 0) to (1, 1): longer sides -> pixels.
        axes = geometry.crop_matrices(place.five[None], factor=1.0, size=1, upright=True)[0, :, :2]
        middle = place.five[points].mean(axis=0) + axes @ [0.0, below]
        signs = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]])
        return covered(picture, middle + signs * [width / 2, height / 2] @ axes.T)

    return Degradation(f"{what} covered", change)


def _dark(light: int) -> Degradation:
    """A part of the light, and `NOISE` on every value."""

    def change(picture: Picture, place: Place, rng: np.random.Generator) -> Picture:
        dark = cv2.convertScaleAbs(picture, alpha=1 / light)
        return noisy(dark, NOISE, rng)

    return Degradation(f"1/{light} of the light and noise", change)


DEGRADATIONS = (
    _blur(0.05),
    _blur(0.15),
    _small(30),
    _small(15),
    _cover("eyes", [0, 1], 1.9, 0.6, 0.0),
    _cover("mouth and chin", [3, 4], 1.8, 1.2, 0.35),
    _dark(4),
    _dark(16),
)
"""Mild and strong ones, by which models are compared; none depends on the size of the photo."""
