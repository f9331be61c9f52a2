"""Head pose from 68 landmarks, and how sure it is; `poses.py` defines the angles.

The covariance of the fit gives the standard deviation of each angle; it grows with the radii, and
for faces in profile, as networks place hidden landmarks too near.
"""

import math
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..base.checks import is_above_0
from ..base.errors import GeometryError, OptionError, shown
from .head import load_head
from .pose_fit import Camera, Placed, PoseFit
from .poses import Poses
from .rotations import Matrix, angle_variances, plain_angles

# Factors of the deviations of yaw, pitch and roll: faces are more alike from side to side than from
# brow to chin, and their differences are no noise of each landmark alone.
_HEADS = 0.9, 1.4, 1.2
# Networks place landmarks that the head hides too near to the others, so poses of turned faces err
# by more than their radii say. First degrees of yaw that count as turned, then the growth of the
# deviations of yaw, pitch and roll per further degree.
_SIDEWAYS, _PROFILE = 20.0, (0.2, 0.2, 0.25)
# All were chosen on turned copies of open faces that the open network did not learn from, as
# `python -m training.pose` measures them.


def head_poses(
    landmarks: NDArray[Any],
    deviations: NDArray[Any],
    *,
    focal: float | None = None,
    centre: ArrayLike | None = None,
) -> Poses:
    """Poses of heads from 68 landmarks.

    Args:
        landmarks: (N, 68, 2), image pixels.
        deviations: (N, 68), standard deviation of each coordinate, pixels.
        focal: focal length of the camera in pixels; None fits without perspective, and gives no
            distances.
        centre: (x, y) of the optical axis in image pixels, usually the middle of the image. With
            `focal`, angles are those to the camera's axes; None takes the middle of each face,
            which gives the angles to the line of sight.

    Returns:
        Read-only arrays.

    Raises:
        OptionError: `focal` is no number above 0.
        GeometryError: `centre` is no point.
    """
    if focal is not None and not is_above_0(focal):
        raise OptionError(f"focal: expected a length in pixels above 0, not {shown(focal)}")
    axis = _checked_centre(centre, focal)
    camera = None if focal is None else Camera(float(focal), axis)
    placed = PoseFit(load_head(), camera).run(landmarks, deviations)
    # One array, since each costs a single face as much as its angles.
    rows = [(*angles_and_deviations(face), face.size, *_flat(face.rotation)) for face in placed]
    numbers = np.array(rows, np.float32).reshape(-1, 16)
    numbers.flags.writeable = False
    sizes, distances = numbers[:, 6], None
    if focal is not None:
        distances = (focal / sizes).astype(np.float32)
        distances.flags.writeable = False
    rotations = numbers[:, 7:].reshape(-1, 3, 3)
    return Poses(numbers[:, :3], numbers[:, 3:6], rotations, sizes, distances)


def angles_and_deviations(face: Placed) -> tuple[float, ...]:
    """Yaw, pitch, roll and the standard deviation of each, degrees."""
    angles = plain_angles(face.rotation)
    beyond = max(abs(angles[0]) - _SIDEWAYS, 0.0)
    yaw, pitch, roll = angle_variances(face.rotation, face.covariance)
    return (
        *angles,
        _deviation(yaw, 0, beyond),
        _deviation(pitch, 1, beyond),
        _deviation(roll, 2, beyond),
    )


def _deviation(variance: float, angle: int, beyond: float) -> float:
    own = _HEADS[angle] * math.degrees(math.sqrt(max(variance, 0.0)))
    return math.hypot(own, _PROFILE[angle] * beyond)


def _flat(rotation: Matrix) -> tuple[float, ...]:
    first, second, third = rotation
    return first + second + third


def _checked_centre(centre: ArrayLike | None, focal: float | None) -> tuple[float, float] | None:
    """The point with y up."""
    if centre is None:
        return None
    try:
        point = np.asarray(centre, np.float64)
    except (TypeError, ValueError) as error:
        raise GeometryError(f"centre: expected (x, y) in pixels, not {shown(centre)}") from error
    if point.shape != (2,) or not np.isfinite(point).all():
        raise GeometryError(f"centre: expected (x, y) in finite pixels, not {shown(centre)}")
    if focal is None:
        raise OptionError("centre: expected `focal` beside it, the focal length in pixels")
    return float(point[0]), -float(point[1])
