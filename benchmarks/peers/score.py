"""The rule for found faces, and their errors."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from benchmarks.peers.vertices import VERTICES
from lapland import IBUG68
from lapland.base.boxes import iou
from lapland.schemes.normaliser import normalisers

Float = NDArray[np.float64]

INNER = slice(17, 68)  # brows, nose, eyes and mouth, without the jaw
NEAR = 0.5  # of the inter-ocular distance, between the centres of the found face and the true one
LEAST_IOU = 0.3


def as68(faces: ArrayLike) -> Float:
    """(N, K, 2) landmarks of a worker -> (N, 68, 2); NaN if it has none of that name.

    Raises:
        ValueError: K is neither 68 nor that of MediaPipe's mesh, 468 or 478.
    """
    points = np.asarray(faces, float)
    if points.size == 0:
        return np.zeros((0, 68, 2))
    if points.shape[1] in (468, 478):  # the latter has the irises too
        return points[:, VERTICES]
    if points.shape[1:] != (68, 2):
        raise ValueError(
            f"expected landmarks of shape (N, 68, 2), (N, 468, 2) or (N, 478, 2), "
            f"not {points.shape}"
        )
    return points


def inter_ocular(landmarks: Float) -> float:
    """Distance of the outer corners of the eyes."""
    return float(normalisers(landmarks[None], IBUG68)[0])


def match(faces: Float, truth: Float) -> Float | None:
    """The found face at the place of the annotated one; None if it was missed.

    Args:
        faces: (N, 68, 2), all that were found in the photo; NaN if a landmark is not shared.
        truth: (68, 2).

    Returns:
        (68, 2) of that face whose centre is nearest to that of the annotated one, if it lies within
        half of the inter-ocular distance of it; centres are means over the shared landmarks.
    """
    if not len(faces):
        return None
    shared = np.isfinite(faces[0, :, 0])
    away = np.linalg.norm(faces[:, shared].mean(axis=1) - truth[shared].mean(axis=0), axis=1)
    nearest = int(np.argmin(away))
    return faces[nearest] if away[nearest] <= NEAR * inter_ocular(truth) else None


def errors(face: Float | None, truth: Float) -> Float:
    """(68,) distances in percent of the inter-ocular one; NaN if missed or not shared."""
    if face is None:
        return np.full(len(truth), np.nan)
    return 100 * np.linalg.norm(face - truth, axis=1) / inter_ocular(truth)


def by_face(table: Float) -> dict[str, str | int]:
    """(F, 68) errors -> the stored NMSE of each face, over all landmarks and over the inner ones.

    Numbers stand in one string each, "3.51 - 4.20", with "-" for a face that was missed.
    """
    return {
        "faces": _written(table),
        "faces_inner": _written(table[:, INNER]),
        "shared": int((~np.isnan(table).all(axis=0)).sum()),
    }


def sum_up(rows: dict[str, dict[str, Any]]) -> int:
    """Adds NMSE and missed faces to rows of `by_face`, of any number of runs on the same faces.

    A row gets, under "predict" and "landmarks" if it has them, `nmse`, `nmse_inner` and `missed`
    over its own found faces, and `nmse_found_by_all` over the faces that "predict" of every row
    found.

    Returns:
        The number of faces that all have found.
    """
    tables = [_read(row["predict"]["faces"]) for row in rows.values() if "predict" in row]
    by_all = ~np.isnan(tables).any(axis=0) if tables else np.zeros(0, bool)
    for row in rows.values():
        for call in {"predict", "landmarks"} & set(row):
            faces = _read(row[call]["faces"])
            row[call] |= {
                "nmse": _mean(faces),
                "nmse_inner": _mean(_read(row[call]["faces_inner"])),
                "missed": int(np.isnan(faces).sum()),
            }
            if tables:
                row[call]["nmse_found_by_all"] = _mean(faces[by_all])
    return int(by_all.sum())


def _written(table: Float) -> str:
    missed = np.isnan(table).all(axis=1)
    means = np.nanmean(np.where(missed[:, None], 0, table), axis=1)
    pairs = zip(means, missed, strict=True)
    return " ".join("-" if gone else f"{mean:.3f}" for mean, gone in pairs)


def _read(faces: str) -> Float:
    return np.array([np.nan if text == "-" else float(text) for text in faces.split()])


def _mean(faces: Float) -> float | None:
    found = faces[~np.isnan(faces)]
    return float(found.mean()) if len(found) else None


def overlaps(boxes: Sequence[Sequence[float]] | Float, face: Float) -> Float:
    """(N,) IoU of boxes (N, 4) with the box of a face."""
    return iou(np.array(boxes, float).reshape(-1, 4), face[None])[:, 0]


def found_and_extra(boxes: Sequence[Sequence[float]] | Float, face: Float) -> tuple[int, int]:
    """Whether a box lies on the face (0 or 1), and how many other boxes there are."""
    hit = int((overlaps(boxes, face) >= LEAST_IOU).any())
    return hit, len(boxes) - hit


def box_of(boxes: Sequence[Sequence[float]] | Float, face: Float) -> int | None:
    """Index of the box that lies on the face best, or None."""
    shares = overlaps(boxes, face)
    return int(shares.argmax()) if (shares >= LEAST_IOU).any() else None
