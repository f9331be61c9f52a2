"""Landmarks as text of an iBUG `.pts` file, whose coordinates are 1-based."""

from typing import Any

import numpy as np
from numpy.typing import NDArray


def to_pts(landmarks: NDArray[np.floating[Any]]) -> str:
    """The text for one face.

    Args:
        landmarks: (K, 2) image pixels, 0-based; NaN, written as "nan nan", for hidden ones.
    """
    rows = "".join(f"{x + 1:.3f} {y + 1:.3f}\n" for x, y in landmarks.tolist())
    return f"version: 1\nn_points: {len(landmarks)}\n{{\n{rows}}}\n"
