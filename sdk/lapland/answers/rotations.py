"""Rotations of heads: matrices, rotation vectors, and yaw, pitch and roll.

The rotation is R = Rx(-pitch) Ry(-yaw) Rz(-roll) and takes the head's axes (x to the picture's
right, y up, z to the viewer) to those of the camera. These are the conventions of 300W-LP.
"""

import numpy as np

from .head import Floats

_ONE = np.eye(3)
# (3, 3, 3): the matrix of the cross product with each axis, the slope of a rotation about it.
GENERATORS: Floats = -np.cross(_ONE[:, None], _ONE)
_FLAT = GENERATORS.reshape(3, 9)
_LEAST = 1e-12  # of the squared cosine of yaw


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
    length = np.sqrt((vectors * vectors).sum(axis=-1))[:, None, None]
    axis = ((vectors / np.maximum(length[..., 0], 1e-12)) @ _FLAT).reshape(-1, 3, 3)
    turned: Floats = _ONE + np.sin(length) * axis + (1 - np.cos(length)) * (axis @ axis)
    return turned


def angle_slopes(rotations: Floats) -> Floats:
    """(N, 3, 3) radians: slope of yaw, pitch and roll (rows) by a further rotation vector."""
    moved = GENERATORS @ rotations[:, None]  # (N, 3, 3, 3): of the matrix, by each of the vector
    level = np.sqrt(np.maximum(1 - rotations[:, 0, 2] ** 2, _LEAST))[:, None]
    slopes = np.empty((len(rotations), 3, 3))
    slopes[:, 0] = -moved[:, :, 0, 2] / level
    for row, (i, j), (k, m) in ((1, (1, 2), (2, 2)), (2, (0, 1), (0, 0))):
        up, along = rotations[:, i, j, None], rotations[:, k, m, None]
        turn = along * moved[:, :, i, j] - up * moved[:, :, k, m]
        slopes[:, row] = turn / level**2
    return slopes
