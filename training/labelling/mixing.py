"""Landmarks of our own network over several crops of a face, mixed with the teacher's."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from lapland import Detector
from lapland.schemes.scheme import Scheme

Floats = NDArray[np.float64]

SHARES = {"jaw": 0.55, "brows": 0.45, "nose": 0.25, "eyes": 0.8, "mouth": 0.85}
"""The teacher's part in the mix, chosen on the validation faces of 300-W."""
ROLL, ZOOM, SHIFT = 6.0, 0.06, 0.03  # deviations of the crops: degrees, log of side, sides


def shares(scheme: Scheme) -> Floats:
    """(K,): the teacher's part in each landmark; half if the scheme has other groups."""
    out = np.full(scheme.size, 0.5)
    for name, indices in scheme.groups.items():
        out[list(indices)] = SHARES.get(name, 0.5)
    return out


def over_crops(
    detector: Detector,
    image: NDArray[np.uint8],
    five: Floats,
    count: int,
    mirror: Sequence[int],
    rng: np.random.Generator,
) -> tuple[Floats, Floats]:
    """A network's landmarks over several crops of a face, every second one mirrored.

    Args:
        detector: with the network.
        image: (H, W, 3) uint8 BGR.
        five: (5, 2), image pixels; the crops are cut around it and around neighbours of it.
        count: count of the crops.
        mirror: mirror of the scheme: for each landmark its counterpart.
        rng: random numbers of the neighbours.

    Returns:
        (K, 2) image pixels, the mean; and (K,), the root mean square distance from it, pixels.
    """
    last = image.shape[1] - 1  # x of the last column: x is mirrored to last - x
    flipped = np.ascontiguousarray(image[:, ::-1])  # once for all crops
    size = np.ptp(five, axis=0).max()  # image pixels
    found = []
    for i in range(count):
        points = five if i == 0 else _neighbour(five, size, rng)  # the first crop is the plain one
        if i % 2:
            # The left eye is the right one of the mirror image, and so for the mouth.
            points = (points * [-1, 1] + [last, 0])[[1, 0, 2, 4, 3]]
        # The points are known, so the detector has nothing to find.
        faces = detector.predict(flipped if i % 2 else image, five_points=points[None])
        landmarks = faces.landmarks[0].astype(np.float64)
        # (K, 2), in the plain image and by its names.
        found.append(landmarks[list(mirror)] * [-1, 1] + [last, 0] if i % 2 else landmarks)
    mean = np.mean(found, axis=0)  # (K, 2)
    return mean, np.sqrt(((np.array(found) - mean) ** 2).sum(axis=2).mean(axis=0))


def mixed(teacher: Floats, network: Floats, part: Floats) -> tuple[Floats, Floats]:
    """The mix (K, 2), and half of the distance between both (K,), pixels."""
    # Half of the distance is the deviation of two values from their plain mean, whatever the
    # shares.
    mix = part[:, None] * teacher + (1 - part[:, None]) * network
    return mix, np.linalg.norm(teacher - network, axis=1) / 2


def _neighbour(five: Floats, size: float, rng: np.random.Generator) -> Floats:
    angle = np.deg2rad(ROLL * rng.standard_normal())
    c, s = np.cos(angle), np.sin(angle)
    middle = five.mean(axis=0)
    turned = (five - middle) @ np.array([[c, s], [-s, c]])  # rows: the transposed rotation
    moved = turned * np.exp(ZOOM * rng.standard_normal())
    return np.asarray(moved + middle + SHIFT * size * rng.standard_normal(2))
