"""Faces sorted by yaw, by size and by how light their skin looks."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from lapland.schemes.scheme import Scheme
from training.evaluation.skin import tones

FEWEST = 10  # faces; fewer give no figure
YAWS = (15, 30)  # degrees
SIZES = (32, 64)  # pixels
TONES = (10, 41)  # degrees, of `tones`


def yaws(landmarks: NDArray[np.floating], scheme: Scheme) -> NDArray[np.float64] | None:
    """Rough yaw of each face, degrees >= 0, from the annotation's own geometry.

    The tip of the nose stands in front of the outer corners of the eyes by about half their
    distance, so that, seen along the line between the corners, it lies beside their middle by
    tan(yaw) times half their distance as it appears. "About half" holds on 300-W: a test fits
    how the distance of the corners falls with this asymmetry.

    Args:
        landmarks: (N, K, 2), image pixels, NaN if not visible.
        scheme: the annotation scheme.

    Returns:
        (N,), NaN if a landmark that is needed is not visible; None for schemes without the
        outer corners of the eyes.
    """
    if scheme.eye_corners is None:
        return None
    left, right = (landmarks[:, i] for i in scheme.eye_corners)  # (N, 2) each
    # (N, 2): the mean of the landmarks that stand for the nose.
    tip = landmarks[:, list(scheme.five[2])].mean(axis=1)
    across = right - left
    # (N,): the distance along `across`, times its length.
    beside = ((tip - (left + right) / 2) * across).sum(axis=1)
    # (N,): that distance in halves of the length, which is tan(yaw).
    asymmetry = 2 * beside / (across * across).sum(axis=1)
    return np.degrees(np.arctan(np.abs(asymmetry)))


def strata(
    landmarks: NDArray[np.floating],
    sizes: NDArray[np.floating],
    scheme: Scheme,
    images: Sequence[NDArray[np.uint8]] | None = None,
) -> dict[str, NDArray[np.bool_]]:
    """Name of each stratum -> which faces, (N,), lie in it.

    Omits strata of fewer than `FEWEST` faces, and those that hold all.

    Args:
        landmarks: (N, K, 2), image pixels, NaN if not visible.
        sizes: (N,), the length d in image pixels that errors of each face are divided by.
        scheme: the annotation scheme.
        images: N photos, (H, W, 3) uint8 BGR; None leaves out the tone of the skin.
    """
    found = {}
    turned = yaws(landmarks, scheme)
    if turned is not None:
        low, high = YAWS
        # Comparisons with NaN are false, so faces of unknown yaw are in no stratum.
        found[f"yaw below {low}°"] = turned < low
        found[f"yaw {low} to {high}°"] = (turned >= low) & (turned < high)
        found[f"yaw {high}° and more"] = turned >= high
    low, high = SIZES
    found[f"d below {low} px"] = sizes < low
    found[f"d {low} to {high} px"] = (sizes >= low) & (sizes < high)
    found[f"d {high} px and more"] = sizes >= high
    skin = None if images is None else tones(images, landmarks, scheme)
    if skin is not None:
        low, high = TONES
        found["skin looks dark"] = skin < low
        found["skin looks medium"] = (skin >= low) & (skin < high)
        found["skin looks light"] = skin >= high
    # A stratum of all faces would repeat their figures.
    return {name: chosen for name, chosen in found.items() if FEWEST <= chosen.sum() < len(sizes)}
