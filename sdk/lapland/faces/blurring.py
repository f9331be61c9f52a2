"""Faces made unrecognisable: blurred, pixelated or covered."""

from collections.abc import Iterable
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from ..base.errors import OptionError, shown
from ..crop.five_points import as_complex, as_points, roll
from ..image.loading import ImageLike, load_image
from .faces import Faces

STYLES = ("blur", "pixelate", "fill")
# Half axes of the ellipse over a head, in those of the landmarks' rectangle; and how far its middle
# lies above that of the rectangle, in heights. It reaches from the chin over forehead and temples.
_WIDTH, _HEIGHT, _RISE = 1.2, 1.4, 0.15
_REACH = 2.3  # half axes about the detector's five points, in the mean distance from their middle
_BLOCKS = 6  # blocks across a pixelated face; so few that nobody is recognised
_GREY = 128


def blur(
    image: ImageLike, faces: Faces | Iterable[Faces], style: str = "blur"
) -> NDArray[np.uint8]:
    """Makes faces unrecognisable on a copy of an image, from chin to forehead and ear to ear.

    An ellipse about the landmarks and one about the detector's five points are hidden, so that a
    face whose landmarks are wrong is hidden, too. Detect with low thresholds and a small
    `min_face`; nothing can be promised for faces that were not found.

    Args:
        image: the image, as for `Detector.predict`.
        faces: its result; or several, such as those of neighbouring frames.
        style: `blur`, `pixelate`, or `fill` with grey, which leaves nothing to recover.

    Returns:
        (H, W, 3) uint8 BGR, a new array.

    Raises:
        ImageError: the image cannot be used.
        OptionError: there is no such style, or `faces` are none.
    """
    if not isinstance(style, str) or style not in STYLES:
        raise OptionError(
            f"style must be one of {', '.join(map(repr, STYLES))}, not {shown(style)}"
        )
    several: tuple[Any, ...] = (faces,)
    if not isinstance(faces, Faces) and isinstance(faces, Iterable):
        several = tuple(faces)
    if not all(isinstance(some, Faces) for some in several):
        raise OptionError(f"faces must be the Faces that predict returned, not {shown(faces)}")
    canvas = load_image(image).copy()
    for some in several:
        for ellipse in (*_about_landmarks(some), *_about_five_points(some)):
            _hide(canvas, *ellipse, style)
    return canvas


Ellipse = tuple[NDArray[np.float64], NDArray[np.float64], float]  # middle, half axes, degrees


def _about_landmarks(faces: Faces) -> list[Ellipse]:
    ellipses = []
    for points, turn in zip(faces.landmarks, roll(faces.five_points), strict=True):
        upright = as_points(as_complex(points) * np.exp(-1j * turn))
        low, high = upright.min(axis=0), upright.max(axis=0)
        middle = (low + high) / 2 - [0, _RISE * (high[1] - low[1])]
        axes = (high - low) / 2 * [_WIDTH, _HEIGHT]
        ellipses.append((as_points(as_complex(middle) * np.exp(1j * turn)), axes, np.rad2deg(turn)))
    return ellipses


def _about_five_points(faces: Faces) -> list[Ellipse]:
    points = faces.five_points.astype(np.float64)
    middles = points.mean(axis=1)
    away = np.linalg.norm(points - middles[:, None], axis=-1).mean(axis=1) * _REACH
    return [(m, np.array([a, a]), 0.0) for m, a in zip(middles, away, strict=True)]


def _hide(
    canvas: NDArray[np.uint8],
    middle: NDArray[np.float64],
    axes: NDArray[np.float64],
    degrees: float,
    style: str,
) -> None:
    """Hides the pixels within an ellipse, in place."""
    height, width = canvas.shape[:2]
    reach = float(max(np.hypot(*axes), 2.0))
    low = np.clip(np.floor(middle - reach), 0, (width, height)).astype(int)
    high = np.clip(np.ceil(middle + reach) + 1, 0, (width, height)).astype(int)
    part = canvas[low[1] : high[1], low[0] : high[0]]
    if part.size == 0:
        return
    mask = np.zeros(part.shape[:2], np.uint8)
    # Beyond these sizes an ellipse covers the whole part, and OpenCV's numbers would overflow.
    half = [int(v) for v in np.clip(np.ceil(axes), 1, 30000)]
    centre = [int(v) for v in np.clip(np.round(middle - low), -30000, 30000)]
    cv2.ellipse(mask, centre, half, degrees, 0, 360, 1, cv2.FILLED)
    inside = mask.astype(bool)
    part[inside] = _hidden(part, 2 * float(axes.min()), style)[inside]


def _hidden(part: NDArray[np.uint8], face: float, style: str) -> NDArray[np.uint8]:
    """The part with nothing left to recognise in a face of this width, pixels."""
    if style == "fill":
        return np.full_like(part, _GREY)
    height, width = part.shape[:2]
    block = max(face / _BLOCKS, 2.0)
    small = (max(1, round(width / block)), max(1, round(height / block)))
    coarse = cv2.resize(part, small, interpolation=cv2.INTER_AREA)
    back = cv2.INTER_NEAREST if style == "pixelate" else cv2.INTER_CUBIC
    wide: NDArray[np.uint8] = np.asarray(cv2.resize(coarse, (width, height), interpolation=back))
    return wide
