"""Size and roll of a face, from the detector's five points."""

import numpy as np
from numpy.typing import NDArray

from ..base.arrays import Floats

# Left eye, right eye, nose, corners of the mouth of an upright frontal face, centred, in units
# of the distance between the eyes. At run time only the direction of the fit to it is used.
UPRIGHT = np.array(
    [[-0.50, -0.57], [0.50, -0.57], [0.0, 0.0], [-0.41, 0.58], [0.41, 0.58]], dtype=np.float64
)
UPRIGHT -= UPRIGHT.mean(axis=0)
_UPRIGHT_FIT = np.conj(UPRIGHT[:, 0] + 1j * UPRIGHT[:, 1])


def as_complex(points: Floats) -> NDArray[np.complex128]:
    """Points (..., 2) -> x + iy (...): turning and scaling are then one multiplication."""
    return np.ascontiguousarray(points, np.float64).view(np.complex128)[..., 0]


def as_points(numbers: NDArray[np.complex128]) -> NDArray[np.float64]:
    """The inverse of `as_complex`: (...) -> (..., 2)."""
    return numbers[..., None].view(np.float64)


def roll(five_points: Floats) -> NDArray[np.float64]:
    """In-plane rotation of faces, from the least-squares similarity to an upright one.

    Args:
        five_points: (N, 5, 2) left eye, right eye, nose, left and right corner of the mouth.

    Returns:
        (N,) angles in radians, positive if the face is turned clockwise on the screen.
    """
    angles: NDArray[np.float64] = np.angle(fits(five_points))
    return angles


def fits(five_points: Floats) -> NDArray[np.complex128]:
    """(N, 5, 2) -> (N,): size and roll of the least-squares similarity to an upright face."""
    return similarity(as_complex(five_points))


def similarity(points: NDArray[np.complex128]) -> NDArray[np.complex128]:
    """(N, 5) -> (N,): the same of points as x + iy."""
    fit: NDArray[np.complex128] = (points - points.mean(axis=1, keepdims=True)) @ _UPRIGHT_FIT
    return fit
