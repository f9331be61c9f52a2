"""Rotations of heads: matrices, rotation vectors, and yaw, pitch and roll.

The rotation is R = Rx(-pitch) Ry(-yaw) Rz(-roll) and takes the head's axes (x to the picture's
right, y up, z to the viewer) to those of the camera. These are the conventions of 300W-LP.
"""

import math
from collections.abc import Sequence

import numpy as np

from .head import Floats

Row = tuple[float, float, float]
Matrix = tuple[Row, Row, Row]
"""A rotation in plain numbers, row by row."""

_ONE = np.eye(3)
# (3, 3, 3): the matrix of the cross product with each axis, the slope of a rotation about it.
GENERATORS: Floats = -np.cross(_ONE[:, None], _ONE)
_FLAT = GENERATORS.reshape(3, 9)
_LEAST = 1e-12  # of the squared cosine of yaw
_PARALLEL = 1e-6  # squared sine of an angle that counts as none


def angles_of(rotations: Floats) -> Floats:
    """(N, 3) yaw, pitch and roll in degrees of (N, 3, 3) rotations."""
    yaw = np.arcsin(np.clip(-rotations[:, 0, 2], -1, 1))
    pitch = np.arctan2(rotations[:, 1, 2], rotations[:, 2, 2])
    roll = np.arctan2(rotations[:, 0, 1], rotations[:, 0, 0])
    angles: Floats = np.rad2deg(np.stack([yaw, pitch, roll], axis=-1))
    return angles


def plain_angles(rotation: Matrix) -> Row:
    """`angles_of` one rotation."""
    (a, b, c), (_, _, f), (_, _, i) = rotation
    yaw, pitch, roll = math.asin(min(max(-c, -1.0), 1.0)), math.atan2(f, i), math.atan2(b, a)
    return math.degrees(yaw), math.degrees(pitch), math.degrees(roll)


def rotations_of(angles: Floats) -> Floats:
    """The inverse of `angles_of`."""
    yaw, pitch, roll = np.deg2rad(-np.asarray(angles, np.float64)).T
    axes = np.eye(3)
    x, y, z = (
        exponential(angle[:, None] * axis)
        for angle, axis in zip((pitch, yaw, roll), axes, strict=True)
    )
    turned: Floats = x @ y @ z
    return turned


def exponential(vectors: Floats) -> Floats:
    """(N, 3) rotation vectors in radians -> (N, 3, 3) rotations, by Rodrigues' formula."""
    length = np.sqrt((vectors * vectors).sum(axis=-1))[:, None, None]
    axis = ((vectors / np.maximum(length[..., 0], 1e-12)) @ _FLAT).reshape(-1, 3, 3)
    turned: Floats = _ONE + np.sin(length) * axis + (1 - np.cos(length)) * (axis @ axis)
    return turned


def angle_variances(rotation: Matrix, covariance: Sequence[Sequence[float]]) -> Row:
    """Variances of yaw, pitch and roll in square radians.

    The covariance is that of a further rotation vector, an axis of the camera in each row.
    """
    level = max(1 - rotation[0][2] ** 2, _LEAST)  # the squared cosine of yaw
    root = math.sqrt(level)
    sine, cosine = rotation[1][2] / root, rotation[2][2] / root  # of pitch
    (xx, xy, xz), (_, yy, yz), (_, _, zz) = covariance
    # A small turn about these axes changes one of yaw, roll and pitch and neither of the others.
    cross = 2 * sine * cosine * yz
    yaw = cosine * cosine * yy - cross + sine * sine * zz
    across = sine * sine * yy + cross + cosine * cosine * zz
    slope = rotation[0][2] / root
    pitch = xx - 2 * slope * (sine * xy + cosine * xz) + slope * slope * across
    return yaw, pitch, across / level


def nearest_rotation(first: Row, second: Row) -> tuple[Matrix, float]:
    """The rotation whose first rows, times a size, come nearest to two vectors; and that size."""
    (a, b, c), (d, e, f) = first, second
    p, q, r = a * a + b * b + c * c, a * d + b * e + c * f, d * d + e * e + f * f
    square = p * r - q * q
    if square <= _PARALLEL * p * r:  # of two vectors on one line nothing is known of the turn
        return ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)), math.sqrt(p + r) / 2
    area = math.sqrt(square)
    both = math.sqrt(p + r + 2 * area)  # twice the size
    # Times the inverse of the root of the matrix (p, q; q, r), by Cayley and Hamilton.
    x, y, z = (r + area) / (area * both), -q / (area * both), (p + area) / (area * both)
    a, b, c, d, e, f = (
        x * a + y * d, x * b + y * e, x * c + y * f,
        y * a + z * d, y * b + z * e, y * c + z * f,
    )  # fmt: skip
    return ((a, b, c), (d, e, f), (b * f - c * e, c * d - a * f, a * e - b * d)), both / 2
