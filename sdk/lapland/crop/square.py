"""Five points -> square -> crop, and crop pixels back to image pixels.

Training and run time both crop with this file. Coordinates are pixels with the centre of the
first pixel at (0, 0), x to the right and y down. A crop is described by one affine matrix,
(2, 3) float64, that takes crop pixels to image pixels.
"""

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from ..base.arrays import Floats
from .five_points import crop_axes
from .halves import Halves, Photo


def crop_matrices(
    five_points: Floats, *, factor: float, size: int, upright: bool
) -> NDArray[np.float64]:
    """The square crop around each set of five points.

    The square is centred on the bounding rectangle of the five points, and its side is `factor`
    times the longer side of that rectangle (section 4.2 of Laplace Landmark Localization).

    Args:
        five_points: (N, 5, 2), image pixels.
        factor: side of the square, in longer sides of the rectangle.
        size: side of the crop, pixels.
        upright: turn the square with the face, by its `roll`, so that every crop shows the face
            upright; otherwise the square is parallel to the image.

    Returns:
        (N, 2, 3) float64, crop pixels -> image pixels.
    """
    axes, centres = crop_axes(five_points, factor=factor, size=size, upright=upright)
    first = centres - axes * ((1 + 1j) * (size - 1) / 2)  # place of the first crop pixel
    matrices = np.empty((len(axes), 2, 3))
    matrices[:, 0, 0] = matrices[:, 1, 1] = axes.real
    matrices[:, 1, 0] = axes.imag
    matrices[:, 0, 1] = -axes.imag
    matrices[:, 0, 2] = first.real
    matrices[:, 1, 2] = first.imag
    return matrices


def cut(image: Photo, matrix: NDArray[np.float64], size: int) -> NDArray[np.uint8]:
    """One crop: (H, W, 3) uint8 -> (size, size, 3) uint8; black beyond the image.

    Every crop pixel is the mean of 2 x 2 bilinear samples, taken from the image, its half, its
    quarter, ...: the smallest in which a crop pixel covers 2 x 2 pixels. So no size of face
    aliases. An image may come with its halves, which are not made anew then.
    """
    halves = Halves.of(image)
    height, width = halves.image.shape[:2]
    # Plain numbers here: arrays of two elements take most of the time that the pixels take.
    (xx, xy, x0), (yx, yy, y0) = matrix.tolist()  # crop pixel (x, y) -> xx x + xy y + x0, ...
    halvings = max(1, int(math.hypot(xx, yx) / 2)).bit_length() - 1
    shrink = 1 << halvings
    # The part of the image that the crop can touch, with a margin for the bilinear samples.
    middle, half = (size - 1) / 2, size / 2
    x, y = (xx + xy) * middle + x0, (yx + yy) * middle + y0
    reach_x, reach_y = (abs(xx) + abs(xy)) * half, (abs(yx) + abs(yy)) * half
    left, right = _inside(x - reach_x, x + reach_x, shrink, width)
    top, bottom = _inside(y - reach_y, y + reach_y, shrink, height)
    bottom -= (bottom - top) % shrink
    right -= (right - left) % shrink
    if top >= bottom or left >= right:  # the crop lies outside the image
        return np.zeros((size, size, 3), np.uint8)
    part = halves.part(slice(top, bottom), slice(left, right), halvings)
    # crop pixel -> image pixel -> pixel of the shrunk part, sampled twice as densely
    rate, origin = 2 * shrink, (shrink - 1) / 2
    local = np.array(
        [
            [xx / rate, xy / rate, (x0 - (xx + xy) / 4 - left - origin) / shrink],
            [yx / rate, yy / rate, (y0 - (yx + yy) / 4 - top - origin) / shrink],
        ]
    )
    # A pixel of four bytes is warped in half the time of one of three.
    dense = cv2.warpAffine(
        cv2.cvtColor(part, cv2.COLOR_BGR2BGRA),
        local,
        (2 * size, 2 * size),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_CONSTANT,
    )
    crop = cv2.resize(dense, (size, size), interpolation=cv2.INTER_AREA)
    return cv2.cvtColor(crop, cv2.COLOR_BGRA2BGR)  # type: ignore[return-value]


def _inside(low: float, high: float, margin: int, end: int) -> tuple[int, int]:
    """Whole pixels from low to high and a margin, as far as they lie in 0..end.

    The first is a multiple of the margin: pixels of the half of the part are those of the half of
    the image.
    """
    first = max(0, math.floor(min(max(low, 0.0), 1e9)) - margin) // margin * margin
    return first, max(first, min(end, math.ceil(min(high, 1e9)) + 1 + margin))


def to_image(points: Floats, matrices: NDArray[np.float64]) -> NDArray[np.float64]:
    """Crop pixels -> image pixels: (N, K, 2) points by (N, 2, 3) matrices -> (N, K, 2)."""
    linear, offset = matrices[:, :, :2], matrices[:, :, 2]
    moved: NDArray[np.float64] = points @ linear.transpose(0, 2, 1) + offset[:, None, :]
    return moved


def to_crop(points: Floats, matrices: NDArray[np.float64]) -> NDArray[np.float64]:
    """Image pixels -> crop pixels, the inverse of `to_image`."""
    linear, offset = matrices[:, :, :2], matrices[:, :, 2]
    moved: NDArray[np.float64] = (points - offset[:, None, :]) @ np.linalg.inv(linear).transpose(
        0, 2, 1
    )
    return moved


def steps(matrices: NDArray[np.float64]) -> NDArray[np.float64]:
    """Image pixels per crop pixel, (N,), of (N, 2, 3) matrices."""
    areas = matrices[:, 0, 0] * matrices[:, 1, 1] - matrices[:, 0, 1] * matrices[:, 1, 0]
    result: NDArray[np.float64] = np.sqrt(np.abs(areas))
    return result
