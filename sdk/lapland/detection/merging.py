"""Cells of a network that see the same face, and the boxes of faces that lean."""

import functools
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from .base import Result
from .mtcnn_boxes import Floats

SAME = 0.3  # least overlap (IoU) of two cells that see the same face


class Found(NamedTuple):
    """Faces that a network found, best first.

    Attributes:
        boxes: (N, 4) float64, x1, y1, x2, y2, image pixels, in MTCNN's proportions.
        scores: (N,) float32.
        five_points: (N, 5, 2) float64, image pixels.
    """

    boxes: Floats
    scores: Result
    five_points: Floats

    def at(self, chosen: npt.NDArray[np.intp]) -> "Found":
        """Those at some places (M,) of the list."""
        return Found(self.boxes[chosen], self.scores[chosen], self.five_points[chosen])


def joined(*found: Found) -> Found:
    """The faces of several lists, in their order."""
    return Found(*(np.concatenate(column) for column in zip(*found, strict=True)))


def merged(scores: Result, values: Floats) -> tuple[Result, Floats]:
    """One row for each face: the mean of the cells that see it, by their scores.

    Args:
        scores: (N,).
        values: (N, K, 2), centre, sides and any points, pixels.

    Returns:
        best scores and means of the faces, best first.
    """
    order = np.argsort(-scores, kind="stable")
    shape = values.shape[1:]
    scores, values = scores[order], values[order]
    flat = values.reshape(len(values), 2 * shape[0])
    weights = scores.astype(np.float64)
    half = values[:, 1] / 2
    low, high = values[:, 0] - half, values[:, 0] + half
    area = 4 * half[:, 0] * half[:, 1]
    bests: list[np.float32] = []
    means: list[Floats] = []
    while len(scores):
        sides = np.minimum(high[0], high) - np.maximum(low[0], low)
        shared = np.maximum(sides[:, 0], 0) * np.maximum(sides[:, 1], 0)
        same = shared > SAME * (area[0] + area - shared)
        same[0] = True
        part = weights[same]
        means.append(part @ flat[same] / part.sum())
        bests.append(scores[0])
        if len(part) == len(scores):
            break  # most photos have one face
        columns = scores, flat, weights, low, high, area
        scores, flat, weights, low, high, area = (column[~same] for column in columns)
    return np.array(bests, np.float32), np.array(means).reshape(-1, *shape)


@functools.lru_cache(maxsize=64)
def centres(height: int, width: int, levels: tuple[tuple[int, int], ...]) -> Floats:
    """Centres of all cells of an image, of each level row by row; (A, 2), its pixels.

    Args:
        height: rows of the image.
        width: its columns.
        levels: of each level the side of a cell, and how often each counts.
    """
    parts = []
    for side, count in levels:
        y, x = np.mgrid[: height // side, : width // side]
        cells = (np.stack([x, y], axis=-1).reshape(-1, 2) + 0.5) * side
        parts.append(np.repeat(cells, count, axis=0))
    every = np.concatenate(parts)
    every.flags.writeable = False
    return every


def padded(image: npt.NDArray[np.uint8], cell: int) -> npt.NDArray[np.uint8]:
    """(H, W, 3) -> (1, H', W', 3) of whole cells, black at the right and below."""
    height, width = image.shape[:2]
    if height % cell == 0 and width % cell == 0:
        return np.ascontiguousarray(image)[None]
    whole = np.zeros((1, -(-height // cell) * cell, -(-width // cell) * cell, 3), np.uint8)
    whole[0, :height, :width] = image
    return whole


def upright_boxes(centre: Floats, side: Floats, up: Floats, proportions: Floats) -> Floats:
    """Boxes (N, 4) parallel to the image, of faces that lean.

    Args:
        centre: (N, 2) of a network's square.
        side: (N, 1) of that square.
        up: (N, 2), direction of the forehead, of any length.
        proportions: how far the box lies towards the forehead, its width and its height, in sides.
    """
    up = up / np.maximum(np.hypot(up[:, 0], up[:, 1]), 1e-6)[:, None]
    shift, across, along = proportions
    middle = centre + shift * side * up
    # The sides of the upright rectangle that is as wide and high as the turned one in the mean.
    half = side / 2 * np.hypot(across * up[:, ::-1], along * up)
    return np.concatenate([middle - half, middle + half], axis=1)
