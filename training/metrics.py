"""Errors of landmarks as the field reports them."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from lapland._scheme import Scheme


def point_errors(
    predicted: NDArray[np.floating], annotated: NDArray[np.floating], scheme: Scheme
) -> NDArray[np.float64]:
    """|s - t|_2 / d in percent, (N, K), with d the distance of the outer corners of the eyes."""
    left, right = scheme.eye_corners
    d = np.linalg.norm(annotated[:, left] - annotated[:, right], axis=-1)
    return 100 * np.linalg.norm(predicted - annotated, axis=-1) / d[:, None]


def nmse(errors: NDArray[np.floating]) -> float:
    """Mean over faces of the mean over landmarks, percent (equation 8 of the paper)."""
    return float(errors.mean())


def failure_rate(errors: NDArray[np.floating], threshold: float) -> float:
    """Percent of the faces whose mean error exceeds the threshold, also in percent."""
    return float(100 * (errors.mean(axis=1) > threshold).mean())


def area_under_curve(errors: NDArray[np.floating], threshold: float) -> float:
    """Area under the cumulative error curve from 0 to the threshold, as a fraction of it.

    The curve is a step function of the faces' errors, so the area is exact: each face adds what
    lies between its error and the threshold.
    """
    return float(np.clip(1 - errors.mean(axis=1) / threshold, 0, None).mean())


def summary(errors: NDArray[np.floating], scheme: Scheme) -> dict[str, float]:
    """Every figure of one set of faces, from (N, K) point errors in percent."""
    groups: Mapping[str, tuple[int, ...]] = scheme.groups
    return {
        "faces": len(errors),
        "nmse": nmse(errors),
        "failure_rate_8": failure_rate(errors, 8),
        "failure_rate_10": failure_rate(errors, 10),
        "auc_8": area_under_curve(errors, 8),
        "auc_10": area_under_curve(errors, 10),
        **{f"nmse_{name}": float(errors[:, list(ids)].mean()) for name, ids in groups.items()},
    }
