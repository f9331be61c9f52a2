"""Which five points belong to one face: squares about faces, their overlap, and pairs."""

import numpy as np
from numpy.typing import NDArray

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
    a, b = squares(first), squares(second)
    low = np.maximum(a[:, None, :2], b[None, :, :2])
    high = np.minimum(a[:, None, 2:], b[None, :, 2:])
    shared = np.maximum(high - low, 0).prod(axis=2)
    area_a, area_b = ((box[:, 2:] - box[:, :2]).prod(axis=1) for box in (a, b))
    union = area_a[:, None] + area_b[None] - shared
    fit: Points = np.divide(shared, union, out=np.zeros_like(shared), where=union > 0)
    return fit


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
