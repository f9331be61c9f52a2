"""Size and roll of a face, and the square about it, from the detector's five points."""

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


def in_all_directions(points: NDArray[np.complex128], count: int) -> NDArray[np.complex128]:
    """Points (K,), as x + iy, turned about 0 by `count` equal parts of a circle: (count, K)."""
    turns: NDArray[np.complex128] = np.exp(2j * np.pi * np.arange(count) / count)
    return turns[:, None] * points


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
    # The template adds up to 0, so any origin serves: of the first point, points that coincide are
    # at 0. No product of matrices: its last bits depend on the number of faces.
    fit: NDArray[np.complex128] = ((points - points[:, :1]) * _UPRIGHT_FIT).sum(axis=1)
    return fit


def crop_axes(
    five_points: Floats, *, factor: float, size: int, upright: bool
) -> tuple[NDArray[np.complex128], NDArray[np.complex128]]:
    """The squares of `square.crop_matrices`, as complex numbers x + iy.

    Returns:
        axes (N,), the step from a crop pixel to the next one on its right, image pixels; and
        centres (N,) of the crops, image pixels.
    """
    points = as_complex(five_points)  # (N, 5)
    turn = np.ones(len(points), np.complex128)
    if upright:
        fit = similarity(points)
        length = np.abs(fit)
        np.divide(fit, length, out=turn, where=length > 0)  # points that coincide have no roll
    along = as_points(points * turn.conj()[:, None])  # coordinates along the axes of the square
    low, high = along.min(axis=1), along.max(axis=1)  # (N, 2)
    # Five points that coincide would give an empty square: the least side is one pixel.
    side = np.maximum(factor * (high - low).max(axis=1), 1.0)
    return turn * (side / size), turn * as_complex((low + high) / 2)
