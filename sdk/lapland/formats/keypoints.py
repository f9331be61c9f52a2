"""Faces as key points of supervision."""

from typing import TYPE_CHECKING

import numpy as np

from ..base.arrays import Float32
from .extras import extra

if TYPE_CHECKING:
    import supervision


def to_supervision(
    boxes: Float32, scores: Float32, landmarks: Float32, scales: Float32
) -> "supervision.KeyPoints":
    """The key points of N faces: see `Faces.to_supervision`.

    Args:
        boxes: (N, 4) x1, y1, x2, y2, image pixels.
        scores: (N,) probabilities of a face.
        landmarks: (N, K, 2) image pixels.
        scales: (N, K) Laplace scales, pixels.
    """
    with extra("supervision", "to_supervision()"):
        import supervision

    n = len(scores)
    # A Laplace distribution of scale b has the variance 2 b^2; one scale stands for both axes.
    variance = 2 * scales.astype(np.float32) ** 2
    return supervision.KeyPoints(
        xy=landmarks.copy(),
        class_id=np.zeros(n, int),
        detection_confidence=scores.copy(),
        data={
            "class_name": np.full(n, "face"),
            "xyxy": boxes.copy(),
            "scale": scales.copy(),
            "covariance": variance[..., None, None] * np.eye(2, dtype=np.float32),  # (N, K, 2, 2)
        },
    )
