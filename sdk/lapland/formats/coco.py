"""Faces as annotations of a COCO key point file."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ..base.arrays import Float32

_VISIBLE = 2  # COCO's flag: 0 not labelled, 1 labelled but hidden, 2 labelled and visible
_DIGITS = 3


def to_coco(
    boxes: Float32,
    scores: Float32,
    landmarks: Float32,
    *,
    image_id: int | str,
    category_id: int,
    first_id: int,
) -> list[dict[str, Any]]:
    """The annotations of N faces: see `Faces.to_coco`.

    Args:
        boxes: (N, 4) x1, y1, x2, y2, image pixels.
        scores: (N,) probabilities of a face.
        landmarks: (N, K, 2) image pixels.
        image_id: `id` of the photo in `images`.
        category_id: `id` of the face in `categories`.
        first_id: `id` of the first annotation.
    """
    annotations = []
    faces = zip(boxes.astype(np.float64).tolist(), scores.tolist(), landmarks, strict=True)
    for number, ((x1, y1, x2, y2), score, points) in enumerate(faces, first_id):
        keypoints = np.full((len(points), 3), _VISIBLE, np.float64)
        keypoints[:, :2] = points
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
        "id": category_id,
        "name": "face",
        "supercategory": "person",
        "keypoints": [names[i] for i in range(size)],
        "skeleton": skeleton,
    }
