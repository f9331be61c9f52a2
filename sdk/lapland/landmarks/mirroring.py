"""Landmarks from a crop and its mirror image: their means err less than either."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from ..schemes.scheme import Scheme

Found = tuple[NDArray[np.float32], NDArray[np.float32]]
"""Landmarks (N, K, 2) and scales (N, K), crop pixels."""


def averaged(
    run: Callable[[NDArray[np.uint8]], Found], scheme: Scheme, crops: NDArray[np.uint8]
) -> Found:
    """What a network finds in crops and in their mirror images, averaged.

    Args:
        run: the network, crops -> landmarks and scales.
        scheme: knows which landmarks change places in a mirror.
        crops: (N, S, S, 3) uint8.
    """
    count, size, mirror = len(crops), crops.shape[2], list(scheme.mirror)
    # In one run: two crops of a face share its overhead.
    landmarks, scales = run(np.concatenate([crops, crops[:, :, ::-1]]))
    # The left eye of the mirror image is the right one of the face.
    other, other_scales = landmarks[count:, mirror], scales[count:, mirror]
    other[..., 0] = size - 1 - other[..., 0]
    half = np.float32(0.5)
    return half * (landmarks[:count] + other), half * (scales[:count] + other_scales)
