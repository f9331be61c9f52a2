"""Faces in the forms of other libraries, each of which is imported when it is asked for."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from ._errors import MissingExtraError
from ._faces import Faces
from ._scheme import Scheme

if TYPE_CHECKING:
    import pandas
    import supervision

_VISIBLE = 2  # of COCO's flags: 0 not labelled, 1 labelled but hidden, 2 labelled and visible
_DIGITS = 3


def to_supervision(faces: Faces) -> "supervision.KeyPoints":
    """See `Faces.to_supervision`."""
    with extra("supervision", "to_supervision()"):
        import supervision

    n = len(faces)
    # A Laplace distribution of scale b has the variance 2 b^2; one scale stands for both axes.
    variance = 2 * faces.scales.astype(np.float32) ** 2
    return supervision.KeyPoints(
        xy=faces.landmarks.copy(),
        class_id=np.zeros(n, int),
        detection_confidence=faces.scores.copy(),
        data={
            "class_name": np.full(n, "face"),
            "xyxy": faces.boxes.copy(),
            "scale": faces.scales.copy(),
            "covariance": variance[..., None, None] * np.eye(2, dtype=np.float32),  # (N, K, 2, 2)
        },
    )


def to_pandas(faces: Faces) -> "pandas.DataFrame":
    """See `Faces.to_pandas`."""
    with extra("pandas", "to_pandas()"):
        import pandas

    n, k = faces.scales.shape
    group_of = {i: name for name, indices in faces.scheme.groups.items() for i in indices}
    groups = pandas.Categorical([group_of[i] for i in range(k)] * n, list(faces.scheme.groups))
    columns: dict[str, Any] = {
        "face": np.repeat(np.arange(n), k),
        "landmark": np.tile(np.arange(k), n),
        "group": groups,
        "x": faces.landmarks[..., 0].ravel(),
        "y": faces.landmarks[..., 1].ravel(),
        "scale": faces.scales.ravel(),
        "score": np.repeat(faces.scores, k),
    }
    for i, name in enumerate(("box_x1", "box_y1", "box_x2", "box_y2")):
        columns[name] = np.repeat(faces.boxes[:, i], k)
    return pandas.DataFrame(columns)


def to_coco(
    faces: Faces, image_id: int | str, category_id: int, first_id: int
) -> list[dict[str, Any]]:
    """See `Faces.to_coco`."""
    annotations = []
    for number, face in enumerate(faces, first_id):
        x1, y1, x2, y2 = face.box.astype(np.float64).tolist()
        keypoints = np.full((len(face.landmarks), 3), _VISIBLE, np.float64)
        keypoints[:, :2] = face.landmarks
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
                "score": round(face.score, 4),
            }
        )
    return annotations


def coco_category(scheme: Scheme, category_id: int) -> dict[str, Any]:
    """See `Scheme.coco_category`."""
    names = {i: f"{group}_{i}" for group, indices in scheme.groups.items() for i in indices}
    skeleton = []
    for indices, closed in scheme.contours:
        ends = indices[1:] + indices[:1] if closed else indices[1:]
        # COCO counts the ends of lines from 1.
        skeleton += [[a + 1, b + 1] for a, b in zip(indices, ends, strict=False)]
    return {
        "id": category_id,
        "name": "face",
        "supercategory": "person",
        "keypoints": [names[i] for i in range(scheme.size)],
        "skeleton": skeleton,
    }


@contextmanager
def extra(package: str, call: str, name: str | None = None) -> Iterator[None]:
    """Says how to install what is imported within, where it is not there.

    Args:
        package: what is imported.
        call: what needs it.
        name: of the extra that brings it, where it is not that of the package.

    Raises:
        MissingExtraError: it is not installed.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        if error.name != package:  # it is there, but lacks something itself
            raise
        raise MissingExtraError(
            f"{call} needs {package}, which is not installed: pip install "
            f"'lapland[{name or package}]'"
        ) from error
