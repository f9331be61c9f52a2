"""Rotations of heads: matrices, rotation vectors, and yaw, pitch and roll.

The rotation is R = Rx(-pitch) Ry(-yaw) Rz(-roll) and takes the head's axes (x to the picture's
right, y up, z to the viewer) to those of the camera. These are the conventions of 300W-LP.
"""

import numpy as np

from .head import Floats


def angles_of(rotations: Floats) -> Floats:
    """(N, 3) yaw, pitch and roll in degrees of (N, 3, 3) rotations."""
    yaw = np.arcsin(np.clip(-rotations[:, 0, 2], -1, 1))
    pitch = np.arctan2(rotations[:, 1, 2], rotations[:, 2, 2])
    roll = np.arctan2(rotations[:, 0, 1], rotations[:, 0, 0])
    angles: Floats = np.rad2deg(np.stack([yaw, pitch, roll], axis=-1))
    return angles


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
    length = np.linalg.norm(vectors, axis=-1)[:, None, None]
    axis = _cross(vectors / np.maximum(length[..., 0], 1e-12))
    turned: Floats = np.eye(3) + np.sin(length) * axis + (1 - np.cos(length)) * (axis @ axis)
    return turned


def _cross(vectors: Floats) -> Floats:
    """(..., 3) -> (..., 3, 3), the matrix v x."""
    x, y, z = np.moveaxis(vectors, -1, 0)
    zero = np.zeros_like(x)
    rows = ((zero, -z, y), (z, zero, -x), (-y, x, zero))
    crossed: Floats = np.stack([np.stack(row, axis=-1) for row in rows], axis=-2)
    return crossed
