"""The habit of annotators: constant offsets between the labels of two data sets.

People who draw landmarks agree less between data sets than within one: 300-W's jaw ends at the ear,
others' before it. A network keeps the habit of its labels. Its error on labels of another habit is
its own error and that difference; without each landmark's mean offset, most of the latter is gone.
"""

import numpy as np
from numpy.typing import NDArray

from lapland.schemes.scheme import Scheme
from training.evaluation import metrics

Points = NDArray[np.float64]


def without_offsets(predicted: Points, annotated: Points, scheme: Scheme) -> Points:
    """Predictions, each landmark moved back by its mean offset from the labels.

    Offsets are measured in the frame of the face: along the line of the outer corners of the eyes
    and across it, in units of their distance. Two constants for each landmark, from these faces.

    Args:
        predicted: (N, K, 2), image pixels.
        annotated: (N, K, 2), image pixels; NaN if not visible, which counts nowhere.
        scheme: a scheme with `eye_corners`, which every face must show.

    Returns:
        (N, K, 2), image pixels.
    """
    assert scheme.eye_corners is not None
    left, right = scheme.eye_corners  # indices
    along = annotated[:, right] - annotated[:, left]  # (N, 2), as long as d
    # The two axes of each face are rows: `along`, and `along` turned by 90 degrees.
    frames = np.stack([along, np.stack([-along[:, 1], along[:, 0]], axis=1)], axis=1)  # (N, 2, 2)
    squares = (along**2).sum(axis=1)[:, None, None]  # d^2
    # (N, K, 2): products with axes of length d, over d^2, are offsets in units of d.
    offsets = np.einsum("nij,nkj->nki", frames, predicted - annotated) / squares
    mean = np.nanmean(offsets, axis=0)  # (K, 2)
    # Back from units of d along the axes to pixels of each photo.
    moved: Points = predicted - np.einsum("nij,ki->nkj", frames, mean)
    return moved


def figures(
    predicted: Points, annotated: Points, sizes: NDArray[np.float64], scheme: Scheme
) -> dict[str, float]:
    """NMSE in percent, `nmse`, and of all but the jaw, `nmse_inner`, without constant offsets."""
    moved = without_offsets(predicted, annotated, scheme)
    errors = metrics.point_errors(moved, annotated, sizes)
    # Without the jaw, which sets draw differently.
    inner = [i for i in range(scheme.size) if i not in scheme.groups.get("jaw", ())]
    return {"nmse": metrics.nmse(errors), "nmse_inner": metrics.nmse(errors[:, inner])}
