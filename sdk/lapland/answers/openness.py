"""How far eyes and mouth are open, corrected for the pose, and whether an eye is closed.

The six landmarks of an eye are projected from the picture onto the plane of that eye on the
turned head. Its openness there is the height of the upper lid over the line of the corners,
plus a little of the lower lid's depth below it: closing an eye moves the upper lid. 0 is a closed
eye, 1 the mean open one. The mouth's openness is the mean gap between the lips in widths of the
mouth.

Labels have habits: lids and lips of the labels that open networks learn lie closer together than
300-W's. So the units of openness follow from the data that a network was trained on.

All other constants were fitted on 2,100 open photos against the lids of another network's mesh,
over landmark networks of several widths; closed eyes were checked by eye. Small networks place the
lids of a closed eye farther apart. Their larger radii make the deviation larger and pull the
probability to that of an unknown eye. `python -m benchmarks.closed_eyes` measures the probability.
"""

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .head import Floats, load_head
from .poses import Poses

_EYES = (range(36, 42), range(42, 48))
_MOUTH = range(48, 68)
_SHARES = 0.3, 0.59  # of the lower lid, in openness and in the feature of a closed eye
_CLOSED = 0.11  # raw openness of a closed eye
# From there to the mean open eye, and the factor of the gap between the lips: for points on lids
# and lips, as those of 300-W, and for open networks. With the latter the median eye of 45 open
# validation faces is 1, and both see mouths by the same factor less open than MediaPipe.
_UNITS, _OPEN_UNITS = (0.14, 1.0), (0.107, 2.9)
# Deviations by the radius r of the lids in mean widths of eye or mouth: constant, and weight of r
# for eyes, of its square for the mouth.
_EYE_DEVIATION, _MOUTH_DEVIATION = (0.05, 3.3), (0.005, 20.0)
# The logistic curve of a closed eye: middle and slope, for points on the lids and for open
# networks. Both fall with the radius of the lids in widths of the eye. Then the odds of an unknown
# eye, one in four.
_CURVE, _OPEN_CURVE = (7.46, -20.9), (6.0, -13.4)
_HALF, _PRIOR = 0.02, -1.08
# Bulge of lids and lips of photos, in that of the mean head: with this share, heads that look up
# and down have the same openness.
_BULGE = 0.5
_FLATTEST = 0.25  # least area that a unit square of the head's plane may have in the picture


@dataclass(frozen=True)
class Eyes:
    """Both eyes of one face, or of N faces: then each array has a first axis more.

    Attributes:
        openness: (2,) float32, left and right eye as seen in the image; 0 closed, 1 the mean open
            eye. Wide eyes are above 1.
        deviations: (2,) float32, standard deviations of the openness.
        closed: (2,) float32, probability that the eye is closed. An eye whose landmarks are too
            unsure has 0.25.
    """

    openness: NDArray[np.float32]
    deviations: NDArray[np.float32]
    closed: NDArray[np.float32]


@dataclass(frozen=True)
class Mouth:
    """The mouth of one face, or of N faces.

    Attributes:
        openness: mean gap between the lips in widths of the mouth; 0 closed. float32, (N,) of many.
        deviation: its standard deviation, of the same shape.
    """

    openness: NDArray[np.float32] | float
    deviation: NDArray[np.float32] | float


def eyes_of(
    landmarks: NDArray[Any], deviations: NDArray[Any], poses: Poses, labels: str = ""
) -> Eyes:
    """Eyes of N faces.

    Args:
        landmarks: (N, 68, 2), image pixels.
        deviations: (N, 68), standard deviation of each coordinate, pixels.
        poses: poses of the same faces.
        labels: training data of the network, as its calibration names them.
    """
    rows, (unit, _) = [], _units(labels)
    middle, steepness = _OPEN_CURVE if _is_open(labels) else _CURVE
    for eye in _EYES:
        points = _on_the_head(landmarks, eye, (eye[0], eye[3]), poses)
        width = np.abs(points[:, 3, 0] - points[:, 0, 0])
        slope = np.divide(
            points[:, 3, 1] - points[:, 0, 1], width, out=np.zeros_like(width), where=width > 0
        )
        line = points[:, :1, 1] + slope[:, None] * (points[..., 0] - points[:, :1, 0])
        height = points[..., 1] - line
        least = np.maximum(width, 0.5 * _width(eye[0], eye[3]))
        upper, lower = height[:, 1:3].mean(axis=1), -height[:, 4:6].mean(axis=1)
        gaps = (((upper + share * lower) / least - _CLOSED) / unit for share in _SHARES)
        lids = deviations[:, [eye[1], eye[2], eye[4], eye[5]]].mean(axis=1)
        rows.append((*gaps, lids / poses.sizes / _width(eye[0], eye[3])))
    openness, gap, radius = (np.stack(column, axis=-1) for column in zip(*rows, strict=True))
    odds = (middle + steepness * gap) / np.sqrt(1 + (radius / _HALF) ** 2) + _PRIOR
    constant, weight = _EYE_DEVIATION
    return Eyes(
        np.maximum(openness, 0).astype(np.float32),
        ((constant + weight * radius) * (_UNITS[0] / unit)).astype(np.float32),
        (1 / (1 + np.exp(-np.clip(odds, -50, 50)))).astype(np.float32),
    )


def mouths_of(
    landmarks: NDArray[Any], deviations: NDArray[Any], poses: Poses, labels: str = ""
) -> Mouth:
    """Mouths of N faces; arguments as for `eyes_of`."""
    _, scale = _units(labels)
    points = _on_the_head(landmarks, _MOUTH, (48, 54), poses)
    width = np.maximum(np.abs(points[:, 6, 0] - points[:, 0, 0]), 0.4 * _width(48, 54))
    gap = (points[:, [13, 14, 15], 1] - points[:, [19, 18, 17], 1]).mean(axis=1)
    lips = deviations[:, [61, 62, 63, 65, 66, 67]].mean(axis=1)
    radius = lips / poses.sizes / _width(48, 54)
    constant, weight = _MOUTH_DEVIATION
    return Mouth(
        np.maximum(scale * gap / width, 0).astype(np.float32),
        (scale * (constant + weight * radius**2)).astype(np.float32),
    )


def _units(labels: str) -> tuple[float, float]:
    return _OPEN_UNITS if _is_open(labels) else _UNITS


def _is_open(labels: str) -> bool:
    return labels.startswith("open")


@functools.lru_cache(maxsize=8)
def _width(left: int, right: int) -> float:
    """Distance of two landmarks on the mean head, cm."""
    points = load_head().frontal
    return float(np.linalg.norm(points[:, left] - points[:, right]))


@functools.lru_cache(maxsize=8)
def _plane(indices: tuple[int, ...], corners: tuple[int, int]) -> tuple[Floats, Floats, Floats]:
    """The plane through two corners, up the head.

    Its axes (3, 2), its normal (3,), and how far landmarks (P,) bulge out of it, cm.
    """
    head = load_head().frontal
    across = head[:, corners[1]] - head[:, corners[0]]
    across = across / np.linalg.norm(across)
    up = np.array([0.0, 1.0, 0.0]) - across[1] * across
    up = up / np.linalg.norm(up)
    normal, points = np.cross(across, up), head[:, list(indices)]
    bulge = _BULGE * normal @ (points - points.mean(axis=1, keepdims=True))
    return np.stack([across, up], axis=-1), normal, bulge


def _on_the_head(
    landmarks: NDArray[Any], indices: Sequence[int], corners: tuple[int, int], poses: Poses
) -> Floats:
    """(N, P, 2) cm: points of the picture on the plane through two corners, up the head.

    x runs from the first corner to the second, y up. Seen so flatly that little of the plane is
    left, points are spread no further.
    """
    axes, normal, bulge = _plane(tuple(indices), corners)
    rotations = poses.rotations[:, :2].astype(np.float64)
    maps = rotations @ axes  # (N, 2, 2), plane -> picture with y up
    area = maps[:, 0, 0] * maps[:, 1, 1] - maps[:, 0, 1] * maps[:, 1, 0]
    adjoint = np.empty_like(maps)
    adjoint[:, 0, 0], adjoint[:, 1, 1] = maps[:, 1, 1], maps[:, 0, 0]
    adjoint[:, 0, 1], adjoint[:, 1, 0] = -maps[:, 0, 1], -maps[:, 1, 0]
    back = adjoint / np.maximum(area, _FLATTEST)[:, None, None]
    seen = np.asarray(landmarks[:, list(indices)], np.float64) * [1, -1]
    seen = seen - seen.mean(axis=1, keepdims=True)
    # Lids and lips bulge out of the plane.
    outwards = rotations @ normal  # (N, 2)
    seen = seen - poses.sizes[:, None, None] * outwards[:, None] * bulge[:, None]
    placed: Floats = seen @ back.transpose(0, 2, 1) / poses.sizes[:, None, None]
    return placed
