"""Faces as a pandas table."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..base.arrays import Float32
from .extras import extra

if TYPE_CHECKING:
    import pandas


def to_pandas(
    boxes: Float32,
    scores: Float32,
    landmarks: Float32,
    scales: Float32,
    groups: Mapping[str, Sequence[int]],
    more: Mapping[str, NDArray[Any]],
) -> "pandas.DataFrame":
    """A row for each landmark of N faces: see `Faces.to_pandas`.

    Args:
        boxes: (N, 4) x1, y1, x2, y2, image pixels.
        scores: (N,) probabilities of a face.
        landmarks: (N, K, 2) image pixels.
        scales: (N, K) Laplace scales, pixels.
        groups: name of each group -> its indices, from the scheme.
        more: name -> (N K,), further columns.
    """
    with extra("pandas", "to_pandas()"):
        import pandas

    n, k = scales.shape
    group_of = {i: name for name, indices in groups.items() for i in indices}
    columns: dict[str, Any] = {
        "face": np.repeat(np.arange(n), k),
        "landmark": np.tile(np.arange(k), n),
        "group": pandas.Categorical([group_of[i] for i in range(k)] * n, list(groups)),
        "x": landmarks[..., 0].ravel(),
        "y": landmarks[..., 1].ravel(),
        "scale": scales.ravel(),
        "score": np.repeat(scores, k),
    }
    for i, name in enumerate(("box_x1", "box_y1", "box_x2", "box_y2")):
        columns[name] = np.repeat(boxes[:, i], k)
    return pandas.DataFrame(columns | dict(more))
