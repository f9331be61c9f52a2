"""Head pose from 68 landmarks, and how sure it is; `poses.py` defines the angles.

The covariance of the fit gives the standard deviation of each angle; it grows with the radii, and
for faces in profile, as networks place hidden landmarks too near.
"""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..base.errors import GeometryError, OptionError, shown
from .head import Floats, load_head
from .pose_fit import PoseFit
from .poses import Poses
from .rotations import angle_slopes, angles_of

_CHUNK = 64  # faces that are fitted together; more fall out of the processor's caches
# Factors of the deviations of yaw, pitch and roll, set on 102 frontal photos of the London set:
# faces are more alike from side to side than from brow to chin.
_HEADS = np.array([0.8, 1.15, 1.0])
# Networks place landmarks that the head hides too near to the others, so poses of turned faces err
# by more than their radii say. First degrees of yaw that count as turned, then the growth of the
# deviations of yaw, pitch and roll per further degree; chosen on turned copies of 315 open photos.
# `python -m training.pose` measures both on open faces, with a network that saw no others.
_SIDEWAYS, _PROFILE = 20.0, np.array([0.6, 0.45, 0.4])


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

    Raises:
        OptionError: `focal` is no number above 0.
        GeometryError: `centre` is no point.
    """
    if focal is not None and not 0 < focal < np.inf:
        raise OptionError(f"focal: expected a length in pixels above 0, not {shown(focal)}")
    middle = _checked_centre(centre, focal)
    chunks = [slice(i, i + _CHUNK) for i in range(0, len(landmarks), _CHUNK)] or [slice(0)]
    fits = [PoseFit(load_head(), landmarks[c], deviations[c], focal, middle) for c in chunks]
    covariances = np.concatenate([fit.run() for fit in fits])
    rotations = np.concatenate([fit.rotations for fit in fits])
    sizes = np.concatenate([fit.sizes for fit in fits])
    angles = angles_of(rotations)
    spread = _deviations(rotations, covariances)
    return Poses(
        angles.astype(np.float32),
        np.hypot(spread, _unexplained(angles)).astype(np.float32),
        rotations.astype(np.float32),
        sizes.astype(np.float32),
        None if focal is None else (focal / sizes).astype(np.float32),
    )


def _deviations(rotations: Floats, covariances: Floats) -> Floats:
    """(N, 3) degrees: standard deviations of the angles, from those of the rotation vector."""
    slopes = angle_slopes(rotations)
    variances = (slopes @ covariances * slopes).sum(axis=-1)
    spread: Floats = np.rad2deg(np.sqrt(np.maximum(variances, 0))) * _HEADS
    return spread


def _unexplained(angles: Floats) -> Floats:
    """(N, 3) degrees: deviation beyond radii and modes, growing in profile."""
    beyond: Floats = np.maximum(np.abs(angles[:, :1]) - _SIDEWAYS, 0)
    return np.asarray(beyond * _PROFILE, np.float64)


def _checked_centre(centre: ArrayLike | None, focal: float | None) -> Floats | None:
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
    return point
