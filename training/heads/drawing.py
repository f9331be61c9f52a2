"""Drawing a mesh of triangles: which triangle is in front at each pixel, and values across it."""

import cv2
import numpy as np
from numpy.typing import NDArray

from training.heads.head import Floats, Indices

FRACTION = 4  # bits of a pixel that corners of triangles are rounded to


def front(corners: Floats, depths: Floats, shape: tuple[int, int]) -> NDArray[np.int32]:
    """The triangle nearest to the viewer at each pixel, by drawing the far ones first.

    Args:
        corners: (T, 3, 2), image pixels.
        depths: (T,), larger is nearer.
        shape: height and width of the picture.

    Returns:
        (H, W): number of the triangle, -1 if there is none.
    """
    canvas = np.zeros((*shape, 3), np.uint8)  # the number plus 1, a byte a channel
    # OpenCV takes whole numbers, here sixteenths of a pixel.
    points = np.round(corners * (1 << FRACTION)).astype(np.int32)
    low, high = corners.min(axis=1), corners.max(axis=1)
    # Touches the picture.
    inside = (high >= 0).all(axis=1) & (low < np.array(shape[::-1])).all(axis=1)
    # Farthest first, so that the near ones paint over them.
    order = np.flatnonzero(inside)[depths[inside].argsort(kind="stable")]
    numbers = (order + 1).tolist()
    for number, triangle in zip(numbers, points[order], strict=True):
        colour = (number & 255, number >> 8 & 255, number >> 16)
        # No antialiasing: a mixed colour would be the number of another triangle.
        cv2.fillConvexPoly(canvas, triangle, colour, cv2.LINE_8, FRACTION)
    wide = canvas.astype(np.int32)
    return np.asarray(wide[..., 0] + (wide[..., 1] << 8) + (wide[..., 2] << 16) - 1)


def across(numbers: NDArray[np.int32], corners: Floats, values: Floats) -> NDArray[np.float32]:
    """Values at the corners of triangles, interpolated over the pixels that show them.

    Args:
        numbers: (H, W) of `front`.
        corners: (T, 3, 2), image pixels.
        values: (T, 3, C).

    Returns:
        (H, W, C), 0 without a triangle.
    """
    out = np.zeros((*numbers.shape, values.shape[2]), np.float32)
    rows, columns = np.nonzero(numbers >= 0)
    which = numbers[rows, columns]  # (n,) for the n pixels that show a triangle
    a, b, c = (corners[which, i] for i in range(3))
    p = np.stack([columns, rows], axis=1) - a  # (n, 2)
    ab, ac = b - a, c - a
    area = ab[:, 0] * ac[:, 1] - ab[:, 1] * ac[:, 0]  # (n,), twice the signed area
    area = np.where(np.abs(area) < 1e-9, 1e-9, area)  # seen from its edge
    # Barycentric coordinates: v of corner b, w of c, u of a.
    v = np.clip((p[:, 0] * ac[:, 1] - p[:, 1] * ac[:, 0]) / area, 0, 1)
    w = np.clip((ab[:, 0] * p[:, 1] - ab[:, 1] * p[:, 0]) / area, 0, 1)
    # Corners were rounded to draw, so a pixel may lie just outside of its triangle: weights are
    # clipped, and add up to 1 again.
    u = np.clip(1 - v - w, 0, 1)
    total = u + v + w
    picked = values[which]  # (n, 3, C)
    out[rows, columns] = np.einsum("nk,nkc->nc", np.stack([u, v, w], 1) / total[:, None], picked)
    return out


def facing(skin: Floats, triangles: Indices) -> tuple[Floats, Floats]:
    """Normals of triangles (T, 3), not of unit length; z of the vertices' unit normals (V,)."""
    a, b, c = (skin[triangles[:, i]] for i in range(3))
    normals = np.cross(b - a, c - a)  # their length is twice the area
    sums = np.stack(  # (V, 3)
        [
            np.bincount(triangles.ravel(), np.repeat(normals[:, i], 3), minlength=len(skin))
            for i in range(3)
        ],
        axis=1,
    )
    # Sums of normals that are as long as their triangles are large: large ones count more.
    lengths = np.maximum(np.linalg.norm(sums, axis=1), 1e-9)
    return normals, sums[:, 2] / lengths
