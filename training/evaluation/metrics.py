"""Errors of landmarks as the field reports them.

The error of a landmark that is not visible is NaN, and counts nowhere.
"""

import numpy as np
from numpy.typing import NDArray

from lapland.schemes.scheme import Scheme
from training.data.visible import mean_of_visible


def point_errors(
    predicted: NDArray[np.floating],
    annotated: NDArray[np.floating],
    sizes: NDArray[np.floating],
) -> NDArray[np.float64]:
    """|s - t|_2 / d in percent.

    Args:
        predicted: s, (N, K, 2), image pixels.
        annotated: t, (N, K, 2), image pixels; NaN if not visible.
        sizes: d, (N,), image pixels, above 0.

    Returns:
        (N, K); NaN if not visible, infinite if the prediction is not a number.
    """
    errors = 100 * np.linalg.norm(predicted - annotated, axis=-1) / sizes[:, None]  # (N, K)
    # A network that fails must not look like a landmark that nobody can see.
    failed = np.isnan(errors) & ~np.isnan(annotated).any(axis=-1)
    return np.where(failed, np.inf, errors)


def face_errors(errors: NDArray[np.floating]) -> NDArray[np.float64]:
    """(N, K) point errors -> (N,), the mean over the visible landmarks of each face."""
    return mean_of_visible(errors, axis=1)


def nmse(errors: NDArray[np.floating]) -> float:
    """Mean over faces of the mean over visible landmarks, percent (equation 8 of the paper)."""
    return float(face_errors(errors).mean())


def failure_rate(errors: NDArray[np.floating], threshold: float) -> float:
    """Percent of the faces whose mean error exceeds the threshold, also in percent."""
    return float(100 * (face_errors(errors) > threshold).mean())


def landmark_failure_rate(errors: NDArray[np.floating], threshold: float) -> float:
    """Percent of the visible landmarks whose own error exceeds the threshold, also in percent.

    A face can be good on average and have landmarks that are far off (Yan et al., 2020).
    """
    return float(100 * (errors[~np.isnan(errors)] > threshold).mean())


def area_under_curve(errors: NDArray[np.floating], threshold: float) -> float:
    """Area under the cumulative error curve from 0 to the threshold, as a fraction of it.

    The curve is a step function of the faces' errors, so the area is exact: each face adds the part
    between its error and the threshold.
    """
    # The integral of "error below t" over t from 0 to T is max(T - error, 0).
    return float(np.clip(1 - face_errors(errors) / threshold, 0, None).mean())


def summary(errors: NDArray[np.floating], scheme: Scheme) -> dict[str, float]:
    """Every figure of one set of faces, from (N, K) point errors in percent.

    The NMSE of a group is over the faces that show some of it. A group that no face shows is
    omitted.
    """
    # (N,) each, NaN for faces that show nothing of the group.
    groups = {name: face_errors(errors[:, list(ids)]) for name, ids in scheme.groups.items()}
    return {
        "faces": len(errors),
        "nmse": nmse(errors),
        "failure_rate_8": failure_rate(errors, 8),
        "failure_rate_10": failure_rate(errors, 10),
        "landmark_failure_rate_8": landmark_failure_rate(errors, 8),
        "landmark_failure_rate_10": landmark_failure_rate(errors, 10),
        "auc_8": area_under_curve(errors, 8),
        "auc_10": area_under_curve(errors, 10),
        **{
            f"nmse_{name}": float(mean_of_visible(faces, axis=0))
            for name, faces in groups.items()
            # A mean of nothing is no figure.
            if not np.isnan(faces).all()
        },
    }
