"""Corruptions of photos that robustness is measured by."""

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from lapland.crop import square
from training.data.pixels import (
    Picture,
    blurred,
    coarse,
    compressed,
    covered,
    motion_blurred,
    noisy,
    shrunk,
)

NOISE = 6  # levels of 255, with little light


@dataclass(frozen=True)
class Place:
    """The place of a face in a picture, in pixels of that picture.

    Attributes:
        five: (5, 2), left eye, right eye, nose, left and right corner of the mouth.
        size: the length d that errors of the face are divided by.
        height: the longer side of the bounding box of its landmarks.
    """

    five: NDArray[np.floating]
    size: float
    height: float


@dataclass(frozen=True)
class Corruption:
    """A corruption of photos.

    Attributes:
        name: name of the row of a table and the cell of a picture.
        change: the photo, the place of its face and a source of chance -> a photo of the same
            size.
    """

    name: str
    change: Callable[[Picture, Place, np.random.Generator], Picture]


def _blur(share: float) -> Corruption:
    def change(picture: Picture, place: Place, rng: np.random.Generator) -> Picture:
        return blurred(picture, share * place.size)

    return Corruption(f"blur of sigma {share:.2f} d", change)


def _small(pixels: int) -> Corruption:
    def change(picture: Picture, place: Place, rng: np.random.Generator) -> Picture:
        factor = min(1.0, pixels / place.height)  # small faces stay
        height, width = (max(1, round(factor * side)) for side in picture.shape[:2])
        return coarse(picture, width, height)

    return Corruption(f"face of {pixels} px", change)


def _cover(part: str, points: list[int], width: float, height: float, below: float) -> Corruption:
    """A block about the middle of some of the five points.

    Its sides, and how far below it lies, are in longer sides of the rectangle of the five points,
    a third of the crop; it is turned with the face.
    """

    def change(picture: Picture, place: Place, rng: np.random.Generator) -> Picture:
        # A square of factor 1 whose crop has the points (0, 0) to (1, 1): longer sides -> pixels.
        axes = square.crop_matrices(place.five[None], factor=1.0, size=1, upright=True)[0, :, :2]
        middle = place.five[points].mean(axis=0) + axes @ [0.0, below]  # (2,) pixels
        # (4, 2): corners in their order around the block.
        signs = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]])
        # The product first scales the corners, then turns them.
        return covered(picture, middle + signs * [width / 2, height / 2] @ axes.T)

    return Corruption(f"{part} covered", change)


def _dark(light: int) -> Corruption:
    """A part of the light, and `NOISE` on every value."""

    def change(picture: Picture, place: Place, rng: np.random.Generator) -> Picture:
        # In bytes: levels are lost, as in a dark photo.
        dark = cv2.convertScaleAbs(picture, alpha=1 / light)
        return noisy(dark, NOISE, rng)  # after the loss of light, so it is as strong in every light

    return Corruption(f"1/{light} of the light and noise", change)


def _move(share: float) -> Corruption:
    def change(picture: Picture, place: Place, rng: np.random.Generator) -> Picture:
        length = max(2, round(share * place.size))  # 1 pixel would blur nothing
        return motion_blurred(picture, length, rng.uniform(0, np.pi))

    return Corruption(f"motion blur of {share:.2f} d", change)


def _noise(sigma: int) -> Corruption:
    def change(picture: Picture, place: Place, rng: np.random.Generator) -> Picture:
        return noisy(picture, sigma, rng)

    return Corruption(f"noise of {sigma} levels", change)


def _jpeg(quality: int) -> Corruption:
    def change(picture: Picture, place: Place, rng: np.random.Generator) -> Picture:
        return compressed(picture, quality)

    return Corruption(f"JPEG of quality {quality}", change)


def _block(share: float) -> Corruption:
    """A square of any one colour, its middle anywhere on the face."""

    def change(picture: Picture, place: Place, rng: np.random.Generator) -> Picture:
        side = share * place.height
        # At most half of the face's height from the middle of the five points, on each axis.
        middle = place.five.mean(axis=0) + place.height * rng.uniform(-0.5, 0.5, 2)
        corners = middle + side / 2 * np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]])  # (4, 2)
        blue, green, red = rng.integers(0, 256, 3).tolist()
        return covered(picture, corners, (blue, green, red))

    return Corruption(f"block of {share:.2f} h", change)


# The positions of the covers, 4 and 5, are used below.
CARD_CORRUPTIONS = (
    _blur(0.05),
    _blur(0.15),
    _small(30),
    _small(15),
    _cover("eyes", [0, 1], 1.9, 0.6, 0.0),
    _cover("mouth and chin", [3, 4], 1.8, 1.2, 0.35),
    _dark(4),
    _dark(16),
)
"""Mild and strong ones, for comparing models; none depends on the size of the photo."""


def _mosaic(share: float) -> Corruption:
    """Squares of one colour each, which hide an identity."""

    def change(picture: Picture, place: Place, rng: np.random.Generator) -> Picture:
        cell = max(1.0, share * place.size)  # pixels; cells below one would enlarge
        height, width = picture.shape[:2]
        few = shrunk(picture, max(1, round(width / cell)), max(1, round(height / cell)))
        return np.asarray(cv2.resize(few, (width, height), interpolation=cv2.INTER_NEAREST))

    return Corruption(f"mosaic of {share:.2f} d", change)


def _fog(share: float) -> Corruption:
    """A share of even light grey over everything."""

    def change(picture: Picture, place: Place, rng: np.random.Generator) -> Picture:
        # 210 of 255 is the light grey of the fog.
        return np.asarray(cv2.convertScaleAbs(picture, alpha=1 - share, beta=210 * share))

    return Corruption(f"{share:.0%} fog", change)


def _shadow(light: float) -> Corruption:
    """A straight shadow with a sharp edge over half of the face, on either side."""

    def change(picture: Picture, place: Place, rng: np.random.Generator) -> Picture:
        angle = rng.uniform(0, 2 * np.pi)
        y, x = np.mgrid[: picture.shape[0], : picture.shape[1]]
        middle = place.five.mean(axis=0)
        # (H, W): the half-plane beyond a line through the middle of the face.
        beyond = (x - middle[0]) * np.cos(angle) + (y - middle[1]) * np.sin(angle) > 0
        dark = cv2.convertScaleAbs(picture, alpha=light)
        return np.where(beyond[..., None], dark, picture).astype(np.uint8)

    return Corruption(f"half in a shadow of {light:.0%}", change)


def _fence(share: float) -> Corruption:
    """Parallel bars of one grey before the face."""

    def change(picture: Picture, place: Place, rng: np.random.Generator) -> Picture:
        angle, grey = rng.uniform(0, np.pi), int(rng.integers(20, 230))
        period = 0.45 * place.size  # pixels from a bar to the next: several cross a face
        y, x = np.mgrid[: picture.shape[0], : picture.shape[1]]
        # (H, W) pixels across the bars.
        along = x * np.cos(angle) + y * np.sin(angle) + rng.uniform(0, period)
        return np.where((along % period < share * period)[..., None], grey, picture).astype(
            np.uint8
        )

    return Corruption(f"bars over {share:.0%}", change)


def _dots(share: float) -> Corruption:
    """Single pixels of black and white."""

    def change(picture: Picture, place: Place, rng: np.random.Generator) -> Picture:
        chance = rng.random(picture.shape[:2])  # (H, W): one draw decides about both colours
        canvas = picture.copy()
        canvas[chance < share / 2] = 0
        canvas[chance > 1 - share / 2] = 255
        return canvas

    return Corruption(f"{share:.0%} of the pixels black or white", change)


CORRUPTIONS = {
    "blocks": (_block(0.25), _block(0.4), _block(0.55)),
    "parts covered": (CARD_CORRUPTIONS[4], CARD_CORRUPTIONS[5]),  # eyes; mouth and chin
    "motion blur": (_move(0.05), _move(0.15), _move(0.25)),
    "blur": (_blur(0.05), _blur(0.1), _blur(0.15)),
    "noise": (_noise(10), _noise(20), _noise(40)),
    "low light": (_dark(4), _dark(8), _dark(16)),
    "JPEG": (_jpeg(30), _jpeg(15), _jpeg(8)),
    "low resolution": (_small(60), _small(30), _small(15)),
}
"""Kind of corruption -> how strong, mildest first: the measure of robustness.

d is the length that errors are divided by, h the longer side of the box of the landmarks. Noise is
in levels of 255. JPEG compression works on the crop at 160 x 160 pixels.
"""

UNTRAINED = {
    "mosaic": (_mosaic(0.06), _mosaic(0.1), _mosaic(0.14)),
    "fog": (_fog(0.5), _fog(0.7), _fog(0.85)),
    "shadow": (_shadow(0.5), _shadow(0.25), _shadow(0.1)),
    "bars": (_fence(0.15), _fence(0.3), _fence(0.45)),
    "dots": (_dots(0.05), _dots(0.15), _dots(0.3)),
}
"""Kinds of corruption that no augmentation shows a network, for measuring alone."""
