"""Outline of a face, masks of its parts, and the triangles between the 68 landmarks."""

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from ..base.errors import OptionError, shown
from .head import load_head

Floats = NDArray[np.float64]
_JAW = slice(0, 17)
_BROWS, _NOSE_BASE = slice(17, 27), 33
_ARC = 15  # points of the forehead
# The hairline is as far above the brows as the base of the nose is below them: the rule of
# thirds for drawn faces. Nobody annotated it.
_THIRD = 1.0
_SHIFT = 4  # fractional bits of coordinates for OpenCV
_LARGEST = 1 << 24  # pixels; coordinates beyond would overflow OpenCV's fixed point

# Each mask is the sum of its first polygons, less the second ones.
MASKS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "face": (("face",), ()),
    "eyes": (("left_eye", "right_eye"), ()),
    "left_eye": (("left_eye",), ()),
    "right_eye": (("right_eye",), ()),
    "lips": (("outer_lips",), ("inner_lips",)),
    "mouth": (("outer_lips",), ()),
    "inner_mouth": (("inner_lips",), ()),
    "skin": (("face",), ("left_eye", "right_eye", "outer_lips", "left_brow", "right_brow")),
}


def face_polygon(landmarks: NDArray[Any], *, forehead: bool = True) -> Floats:
    """Outline of one face of 68 landmarks.

    Args:
        landmarks: (68, 2), image pixels.
        forehead: add an arc for the forehead, which has no landmarks: its height is that of the
            nose below the brows. False ends at the brows.

    Returns:
        (P, 2) float64, from the end of the jaw on the left of the picture along the chin to its
        other end, and back over the forehead or the brows.
    """
    points = np.asarray(landmarks, np.float64)
    jaw = points[_JAW]
    if not forehead:
        return np.concatenate([jaw, points[_BROWS][::-1]])
    brows = points[_BROWS].mean(axis=0)
    up = _THIRD * (brows - points[_NOSE_BASE])
    middle = (jaw[0] + jaw[-1]) / 2
    across = (jaw[-1] - jaw[0]) / 2
    rise = brows + up - middle
    angle = np.linspace(0, np.pi, _ARC + 2)[1:-1, None]
    # A higher power than a circle's: foreheads are broad.
    arc = middle + across * np.cos(angle) + rise * np.sin(angle) ** 0.8
    return np.concatenate([jaw, arc])


def mask_of(shape: tuple[int, int], inside: Sequence[Floats], outside: Sequence[Floats]) -> Any:
    """(H, W) bool: True within polygons, and not within others. Edges are at subpixels."""
    canvas = np.zeros(shape, np.uint8)
    for polygons, value in ((inside, 1), (outside, 0)):
        for polygon in polygons:
            near = np.clip(polygon, -_LARGEST, _LARGEST) * (1 << _SHIFT)
            cv2.fillPoly(canvas, [np.round(near).astype(np.int32)], value, cv2.LINE_8, _SHIFT)
    return canvas.astype(bool)


def checked_mask(name: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The polygons of a mask by its name.

    Raises:
        OptionError: there is no mask of this name.
    """
    try:
        return MASKS[name]
    except (KeyError, TypeError):  # TypeError: it cannot be a key
        raise OptionError(
            f"mask: expected one of {', '.join(map(repr, MASKS))}, not {shown(name)}"
        ) from None


def triangles() -> NDArray[np.int32]:
    """(T, 3) int32, read-only: triangles between the 68 landmarks, the same for every face.

    They are Delaunay's on the mean head with a slightly open mouth, counter-clockwise in the
    picture. They cover the convex hull of a frontal face, eyes and mouth included.
    """
    return load_head().triangles
