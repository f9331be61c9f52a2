"""Which five points belong to one face: squares about faces, their overlap, and pairs."""

import numpy as np
from numpy.typing import NDArray

from ..base.boxes import iou

Points = NDArray[np.float64]

_SQUARE = 2.0  # side of the square that stands for a face, in longer sides of its five points


def squares(five_points: Points) -> Points:
    """(N, 5, 2) five points -> (N, 4) x1, y1, x2, y2 of upright squares about the faces."""
    low, high = five_points.min(axis=1), five_points.max(axis=1)  # (N, 2)
    half = (high - low).max(axis=1, keepdims=True) * (_SQUARE / 2)
    centre = (low + high) / 2
    return np.concatenate([centre - half, centre + half], axis=1)


def overlaps(first: Points, second: Points) -> Points:
    """IoU of the squares of five points: (N, 5, 2), (M, 5, 2) -> (N, M)."""
    if not len(first) or not len(second):
        return np.zeros((len(first), len(second)))
    return iou(squares(first), squares(second))


def meetings(five_points: Points, before: Points) -> list[tuple[int, int]]:
    """Pairs of faces so near that the crop of one may come to show the other.

    Their distance is less than the width of a face plus the motion of both since the frame before.

    Args:
        five_points: (N, 5, 2), image pixels.
        before: (N, 5, 2), in the frame before.
    """
    boxes = squares(five_points)
    sides = boxes[:, 2] - boxes[:, 0]
    centres = (boxes[:, :2] + boxes[:, 2:]) / 2
    moved = np.abs(five_points.mean(axis=1) - before.mean(axis=1)).max(axis=1)
    distances = np.abs(centres[:, None] - centres[None]).max(axis=2)
    reach = (sides[:, None] + sides[None]) / 2 + moved[:, None] + moved[None]
    near = np.triu(distances < reach, 1)
    return [(int(i), int(j)) for i, j in np.argwhere(near)]


def pairs(fit: Points, least: float) -> list[tuple[int, int]]:
    """Rows and columns that belong together, the best fit first, each at most once.

    Greedy. The assignment of least total cost differs from it only if two faces compete for one
    place, and then it may give up the better pair for two poor ones.

    Args:
        fit: (N, M), larger is better.
        least: smallest fit of a pair.
    """
    found: list[tuple[int, int]] = []
    rows: set[int] = set()
    columns: set[int] = set()
    for at in np.argsort(-fit, axis=None, kind="stable"):
        row, column = divmod(int(at), fit.shape[1])
        if fit[row, column] < least:
            break
        if row not in rows and column not in columns:
            found.append((row, column))
            rows.add(row)
            columns.add(column)
    return found
