"""Boxes and five points that callers give, checked."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..base.errors import GeometryError, shown

# Pixels. Far beyond any photo; larger coordinates are mistakes, and float32 would not resolve them.
_LARGEST = 1e7


def checked_boxes(boxes: ArrayLike) -> NDArray[Any]:
    """(N, 4) boxes, image pixels; the face detector checks their shape.

    Raises:
        GeometryError: they are no numbers, too large, or shares of the image's size.
    """
    given = _checked_array("boxes", boxes)
    given = given.reshape(0, 4) if given.size == 0 else given  # [] for no boxes
    _check_pixels("boxes", given)
    return given


def checked_five_points(five_points: ArrayLike) -> NDArray[np.float64]:
    """(N, 5, 2) five points, image pixels.

    Raises:
        GeometryError: they have another shape, or are no such numbers.
    """
    given = _checked_array("five_points", five_points)
    if given.size == 0:
        return np.zeros((0, 5, 2))
    if given.ndim != 3 or given.shape[1:] != (5, 2) or given.dtype.kind not in "iuf":
        raise GeometryError(
            "five_points: expected numbers of shape (N, 5, 2), not "
            f"{given.dtype} of shape {given.shape}; for one face pass points[None]"
        )
    points = given.astype(np.float64)
    if not np.isfinite(points).all():
        raise GeometryError("five_points: expected finite numbers, found NaN or infinity")
    _check_pixels("five_points", points)
    return points


def _check_pixels(name: str, values: NDArray[Any]) -> None:
    """Refuses shares of the image's size, which are the numbers of other packages."""
    if values.dtype.kind != "f" or not values.size or not np.isfinite(values).all():
        return
    shares = (values >= 0) & (values <= 1) & (values != np.round(values))
    if shares.any() and values.min() >= 0 and values.max() <= 1:
        raise GeometryError(
            f"{name}: expected image pixels, found all numbers within 0..1; multiply x by the "
            "width of the image and y by its height"
        )


def _checked_array(name: str, values: ArrayLike) -> NDArray[Any]:
    try:
        array = np.asarray(values)
    except (TypeError, ValueError) as error:
        raise GeometryError(f"{name}: expected rows of one length, not {shown(values)}") from error
    if array.dtype.kind in "iuf" and array.size:
        largest = np.abs(array.astype(np.float64)).max()
        if largest > _LARGEST:
            raise GeometryError(
                f"{name}: expected finite image pixels of at most {_LARGEST:.0e}, found {largest}"
            )
    return array
