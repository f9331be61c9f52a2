"""Faces as annotations of a COCO key point file."""

import operator
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ..base.arrays import Float32
from ..base.errors import OptionError, shown

_HIDDEN, _VISIBLE = 1, 2  # COCO's flags: 1 labelled but hidden, 2 labelled and visible
_DIGITS = 3


def to_coco(
    boxes: Float32,
    scores: Float32,
    landmarks: Float32,
    *,
    image_id: int | str,
    category_id: int,
    first_id: int,
    width: int | None = None,
    height: int | None = None,
) -> list[dict[str, Any]]:
    """The annotations of N faces: see `Faces.to_coco`.

    Args:
        boxes: (N, 4) x1, y1, x2, y2, image pixels.
        scores: (N,) probabilities of a face.
        landmarks: (N, K, 2) image pixels.
        image_id: `id` of the photo in `images`.
        category_id: `id` of the face in `categories`.
        first_id: `id` of the first annotation.
        width: width of the photo, pixels; None if unknown.
        height: likewise.
    """
    first, category_id = _whole(first_id, "first_id"), _whole(category_id, "category_id")
    image_id = image_id if isinstance(image_id, str) else _whole(image_id, "image_id")
    size = np.array([np.inf if side is None else _side(side) for side in (width, height)])
    inside = (landmarks >= -0.5) & (landmarks < size - 0.5)
    visible = np.all(inside, axis=2).tolist()
    if width is not None or height is not None:
        boxes = np.clip(boxes, 0, np.tile(size, 2))
    annotations = []
    faces = zip(boxes.astype(np.float64).tolist(), scores.tolist(), landmarks, visible, strict=True)
    for number, ((x1, y1, x2, y2), score, points, seen) in enumerate(faces, first):
        keypoints = np.empty((len(points), 3))
        keypoints[:, :2] = points
        keypoints[:, 2] = np.where(seen, _VISIBLE, _HIDDEN)
        annotations.append(
            {
                "id": number,
                "image_id": image_id,
                "category_id": category_id,
                "bbox": [round(v, _DIGITS) for v in (x1, y1, x2 - x1, y2 - y1)],
                "area": round((x2 - x1) * (y2 - y1), _DIGITS),
                "iscrowd": 0,
                "keypoints": keypoints.round(_DIGITS).ravel().tolist(),
                "num_keypoints": len(keypoints),
                "score": round(score, 4),
            }
        )
    return annotations


def _whole(value: Any, name: str) -> int:
    """A plain number, which JSON can hold, from one of numpy's as well."""
    try:
        return operator.index(value)
    except TypeError:
        raise OptionError(f"{name}: expected a whole number, not {shown(value)}") from None


def _side(value: Any) -> int:
    side = _whole(value, "width, height")
    if not 1 <= side < 1 << 31:
        raise OptionError(f"width, height: expected those of the photo, not {shown(side)}")
    return side


def coco_category(
    size: int,
    groups: Mapping[str, Sequence[int]],
    contours: Sequence[tuple[tuple[int, ...], bool]],
    category_id: int,
) -> dict[str, Any]:
    """The category of a scheme of `size` landmarks: see `Scheme.coco_category`."""
    names = {i: f"{group}_{i}" for group, indices in groups.items() for i in indices}
    skeleton = []
    for indices, closed in contours:
        ends = indices[1:] + indices[:1] if closed else indices[1:]
        # COCO counts the ends of lines from 1.
        skeleton += [[a + 1, b + 1] for a, b in zip(indices, ends, strict=False)]
    return {
        "id": _whole(category_id, "category_id"),
        "name": "face",
        "supercategory": "person",
        "keypoints": [names[i] for i in range(size)],
        "skeleton": skeleton,
    }
