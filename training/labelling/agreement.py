"""The choice of labels and their weights, by the agreement of their sources."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lapland.schemes.scheme import Scheme
from training.data.indices import weight_of_doubt

Floats = NDArray[np.floating]

MOST_DOUBT = 2.5  # percent of the face, mean over the landmarks, of accepted faces
MOST_FIVE = 8.0  # percent of the face between the landmarks and the detector's five points
ALONE = 1.5  # percent of the face: most doubt of a face that the detector does not see
LEAST_SIDE = 24  # pixels; a smaller face is a guess


@dataclass(frozen=True)
class Label:
    """The landmarks of one face, and how sure they are.

    Attributes:
        landmarks: (K, 2), image pixels.
        doubt: mean over the landmarks, percent of the face.
        weights: (K,), 0..1, of each landmark in a loss.
        refused: reason for refusing the face; empty if it is accepted.
    """

    landmarks: NDArray[np.float64]
    doubt: float
    weights: NDArray[np.float64]
    refused: str


def side_of(landmarks: Floats) -> float:
    """The size of a face, image pixels: the square root of width times height of its landmarks."""
    return float(np.sqrt(np.ptp(landmarks, axis=0).prod()))


def judge(landmarks: Floats, doubts: Floats, five: Floats, scheme: Scheme) -> Label:
    """Decides on one face.

    Args:
        landmarks: (K, 2), image pixels; NaN if there is no mesh.
        doubts: (K,), image pixels: how far those that made the landmarks lie from their mean.
        five: (5, 2) of the face detector, image pixels; NaN if it sees no face.
        scheme: scheme of the landmarks.
    """
    if not np.isfinite(landmarks).all():
        return Label(landmarks, np.nan, np.zeros(len(landmarks)), "no mesh")
    side = side_of(landmarks)
    percent = 100 * doubts / max(side, 1e-9)  # (K,), percent of the face
    doubt = float(percent.mean())
    weights = weight_of_doubt(percent)
    groups = np.stack([landmarks[list(group)].mean(axis=0) for group in scheme.five])  # (5, 2)
    # NaN without five points, and then no larger than `MOST_FIVE`: comparisons with NaN are false.
    apart = 100 * float(np.linalg.norm(groups - five, axis=1).mean()) / max(side, 1e-9)
    # The first reason that holds stands in the table of refused faces.
    refused = ""
    if side < LEAST_SIDE:
        refused = f"only {side:.0f} px"
    elif doubt > MOST_DOUBT:
        refused = f"doubt {doubt:.1f} %"
    # Without the detector's word for it, the others must agree better.
    elif np.isnan(apart) and doubt > ALONE:
        refused = f"not detected, doubt {doubt:.1f} %"
    elif apart > MOST_FIVE:
        refused = f"five points {apart:.0f} % off"
    return Label(landmarks, doubt, weights, refused)
