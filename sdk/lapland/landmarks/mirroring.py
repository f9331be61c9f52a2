"""Landmarks from a crop and its mirror image: their means err less than either."""

import numpy as np
from numpy.typing import NDArray

from ..base.errors import OptionError
from ..schemes.scheme import Scheme

Found = tuple[NDArray[np.float32], NDArray[np.float32]]
"""Landmarks (N, K, 2) and scales (N, K), crop pixels."""


def check_pairs(scheme: Scheme) -> None:
    """Raises an OptionError if a scheme does not say which landmarks change places in a mirror."""
    if scheme.mirror == tuple(range(scheme.size)):
        raise OptionError(
            "looks: expected a scheme with pairs, landmarks that change places in a mirror; "
            f"{scheme.name} has none, so take looks=1"
        )


def with_mirror_images(crops: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """(N, S, S, 3) -> (2 N, S, S, 3): in one run, two crops of a face share its overhead."""
    return np.concatenate([crops, crops[:, :, ::-1]])


def averaged(found: Found, scheme: Scheme, size: int) -> Found:
    """What a network has found in N crops and then in their mirror images -> the means of both.

    Args:
        found: landmarks (2 N, K, 2) and scales (2 N, K), crop pixels.
        scheme: knows which landmarks change places in a mirror.
        size: S, the side of a crop, pixels.
    """
    landmarks, scales = found
    count, mirror = len(landmarks) // 2, list(scheme.mirror)
    # The left eye of the mirror image is the right one of the face.
    other, other_scales = landmarks[count:, mirror], scales[count:, mirror]
    other[..., 0] = size - 1 - other[..., 0]
    half = np.float32(0.5)
    return half * (landmarks[:count] + other), half * (scales[:count] + other_scales)
