"""What is visible of annotated faces: a landmark that cannot be seen is NaN.

Where all landmarks are visible, each of these is what one would write without thinking of it.
"""

import numpy as np
from numpy.typing import NDArray

from lapland.schemes.scheme import Scheme


def mean_of_visible(values: NDArray[np.floating], axis: int) -> NDArray[np.float64]:
    """The mean of what is not NaN along an axis; NaN where nothing is."""
    seen = ~np.isnan(values)
    count = seen.sum(axis=axis)
    total = np.where(seen, values, 0.0).sum(axis=axis)
    return np.divide(total, count, out=np.full(count.shape, np.nan), where=count > 0)


def bounding_boxes(landmarks: NDArray[np.floating]) -> NDArray[np.float64]:
    """(N, K, 2) landmarks -> (N, 4) x1, y1, x2, y2 of the visible ones; NaN where none is."""
    low = np.fmin.reduce(landmarks, axis=1)  # fmin and fmax pass over NaN
    high = np.fmax.reduce(landmarks, axis=1)
    return np.concatenate([low, high], axis=1)


def face_sizes(landmarks: NDArray[np.floating], scheme: Scheme) -> NDArray[np.float64]:
    """The length d that errors of each face are divided by, (N,), image pixels.

    The distance of the outer corners of the eyes, NaN where one is not visible; for schemes
    without them, the square root of the area of the bounding box of the visible landmarks.
    """
    if scheme.eye_corners is not None:
        left, right = scheme.eye_corners
        return np.linalg.norm(landmarks[:, left] - landmarks[:, right], axis=-1)
    boxes = bounding_boxes(landmarks)
    return np.sqrt((boxes[:, 2:] - boxes[:, :2]).prod(axis=1))
