"""Five points -> square -> crop, and crop pixels back to image pixels.

Training and run time both crop with this file. Coordinates are pixels with the centre of the
first pixel at (0, 0), x to the right and y down. A crop is described by one affine matrix,
(2, 3) float64, that takes crop pixels to image pixels.
"""

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.floating[Any]]

# Left eye, right eye, nose, corners of the mouth of an upright frontal face, centred, in units
# of the distance between the eyes. At run time only the direction of the fit to it is used.
UPRIGHT = np.array(
    [[-0.50, -0.57], [0.50, -0.57], [0.0, 0.0], [-0.41, 0.58], [0.41, 0.58]], dtype=np.float64
)
UPRIGHT -= UPRIGHT.mean(axis=0)


def roll(five_points: FloatArray) -> NDArray[np.float64]:
    """In-plane rotation of faces, from the least-squares similarity to an upright one.

    Args:
        five_points: (N, 5, 2) left eye, right eye, nose, left and right corner of the mouth.

    Returns:
        (N,) angles in radians, positive where the face is turned clockwise on the screen.
    """
    points = np.asarray(five_points, dtype=np.float64)
    points = points - points.mean(axis=1, keepdims=True)  # (N, 5, 2)
    along = (points * UPRIGHT).sum(axis=(1, 2))
    across = (UPRIGHT[:, 0] * points[..., 1] - UPRIGHT[:, 1] * points[..., 0]).sum(axis=1)
    angles: NDArray[np.float64] = np.arctan2(across, along)
    return angles


def crop_matrices(
    five_points: FloatArray, *, factor: float, size: int, upright: bool
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
    points = np.asarray(five_points, dtype=np.float64)
    angles = roll(points) if upright else np.zeros(len(points))
    cos, sin = np.cos(angles), np.sin(angles)
    axes = np.stack([np.stack([cos, -sin], -1), np.stack([sin, cos], -1)], 1)  # (N, 2, 2)
    turned = points @ axes  # (N, 5, 2), coordinates along the axes of the square
    low, high = turned.min(axis=1), turned.max(axis=1)  # (N, 2)
    # Five points that coincide would give an empty square: the least side is one pixel.
    step = np.maximum(factor * (high - low).max(axis=1), 1.0) / size  # image pixels a crop pixel
    centre = np.einsum("nij,nj->ni", axes, (low + high) / 2)
    matrices = np.empty((len(points), 2, 3))
    matrices[:, :, :2] = axes * step[:, None, None]
    matrices[:, :, 2] = centre - matrices[:, :, :2].sum(axis=2) * (size - 1) / 2
    return matrices


def cut(image: NDArray[np.uint8], matrix: NDArray[np.float64], size: int) -> NDArray[np.uint8]:
    """One crop: (H, W, 3) uint8 -> (size, size, 3) uint8; black where the image ends.

    Every crop pixel is the mean of 2 x 2 bilinear samples, taken from an image that has first
    been shrunk by a whole factor where the face is large, so that no size of face aliases.
    """
    height, width = image.shape[:2]
    step = float(np.hypot(matrix[0, 0], matrix[1, 0]))
    corners = np.array([[-0.5, -0.5], [size - 0.5, -0.5], [-0.5, size - 0.5], [size - 0.5] * 2])
    reach = corners @ matrix[:, :2].T + matrix[:, 2]  # (4, 2)
    # The part of the image that the crop can touch, with a margin for the bilinear samples.
    shrink = max(1, int(step / 2))
    left, top = (max(0, int(v) - shrink) for v in np.floor(np.clip(reach.min(axis=0), 0, 1e9)))
    right, bottom = (
        max(0, int(v) + 1 + shrink) for v in np.ceil(reach.max(axis=0).clip(-1e9, 1e9))
    )
    part = image[top : min(height, bottom), left : min(width, right)]
    rows, columns = part.shape[0] // shrink, part.shape[1] // shrink
    if rows < 1 or columns < 1:  # the crop lies outside the image
        return np.zeros((size, size, 3), np.uint8)
    if shrink > 1:
        part = cv2.resize(
            part[: rows * shrink, : columns * shrink],
            (columns, rows),
            interpolation=cv2.INTER_AREA,
        )  # type: ignore[assignment]
    # crop pixel -> image pixel -> pixel of the shrunk part, sampled twice as densely
    local = np.empty((2, 3))
    local[:, :2] = matrix[:, :2] / (2 * shrink)
    origin = np.array([left, top]) + (shrink - 1) / 2
    local[:, 2] = (matrix[:, 2] - matrix[:, :2].sum(axis=1) / 4 - origin) / shrink
    dense = cv2.warpAffine(
        part,
        local,
        (2 * size, 2 * size),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_CONSTANT,
    )
    crop: NDArray[np.uint8] = cv2.resize(dense, (size, size), interpolation=cv2.INTER_AREA)  # type: ignore[assignment]
    return crop


def to_image(points: FloatArray, matrices: NDArray[np.float64]) -> NDArray[np.float64]:
    """Crop pixels -> image pixels: (N, K, 2) points by (N, 2, 3) matrices -> (N, K, 2)."""
    linear, offset = matrices[:, :, :2], matrices[:, :, 2]
    moved: NDArray[np.float64] = points @ linear.transpose(0, 2, 1) + offset[:, None, :]
    return moved


def to_crop(points: FloatArray, matrices: NDArray[np.float64]) -> NDArray[np.float64]:
    """Image pixels -> crop pixels, the inverse of `to_image`."""
    linear, offset = matrices[:, :, :2], matrices[:, :, 2]
    moved: NDArray[np.float64] = (points - offset[:, None, :]) @ np.linalg.inv(linear).transpose(
        0, 2, 1
    )
    return moved


def steps(matrices: NDArray[np.float64]) -> NDArray[np.float64]:
    """Image pixels per crop pixel, (N,), of (N, 2, 3) matrices."""
    result: NDArray[np.float64] = np.sqrt(np.abs(np.linalg.det(matrices[:, :, :2])))
    return result
