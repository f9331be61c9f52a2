"""Faces in the forms of files and of other libraries; part of `Faces`."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..base.arrays import Float32
from ..base.checks import check_flags, checked_path
from ..uncertainty.recorded import RECORDED
from .answering import FacesAnswers
from .face import Face, radius_key

if TYPE_CHECKING:
    import pandas
    import supervision


class FacesForms(FacesAnswers):
    """Writes N faces, from the arrays that `Faces` holds."""

    boxes: Float32
    scores: Float32
    ids: NDArray[np.int64] | None

    if TYPE_CHECKING:

        def __len__(self) -> int: ...
        def __iter__(self) -> Iterator[Face]: ...

    def to_dict(self, *, pose: bool = False, eyes: bool = False) -> dict[str, Any]:
        """The faces as plain lists and numbers: `{"scheme": ..., "faces": [...]}`.

        `image_size` is there if it is known. Faces of a calibrated model come with `labels`, the
        first word of its training data: by its habits lids and lips are placed.
        `pose` and `eyes` add these to each face: see `Face.to_dict`.
        """
        check_flags(pose=pose, eyes=eyes)
        rows = [face.to_dict(pose=pose, eyes=eyes) for face in self]
        size = {} if self.image_size is None else {"image_size": list(self.image_size)}
        word = self._labels.partition(" ")[0]
        labels = {"labels": word} if word and rows else {}
        return {"scheme": self.scheme.name, **size, **labels, "faces": rows}

    def save_pts(self, path: str | os.PathLike[str]) -> list[Path]:
        """Writes an iBUG `.pts` file for each face, and returns their paths.

        A single face goes to `path`, several to `name_1.pts`, `name_2.pts` and so on beside it.

        Raises:
            OSError: a file cannot be written.
            OptionError: `path` is none.
        """
        first = checked_path(path)
        paths = [first]
        if len(self) != 1:
            numbers = range(1, len(self) + 1)
            paths = [first.with_name(f"{first.stem}_{n}{first.suffix}") for n in numbers]
        for face, target in zip(self, paths, strict=True):
            face.save_pts(target)
        return paths

    def to_json(self, *, pose: bool = False, eyes: bool = False) -> str:
        """`to_dict` as one line of JSON."""
        return json.dumps(self.to_dict(pose=pose, eyes=eyes), allow_nan=False)

    def to_pandas(self, *, pose: bool = False, eyes: bool = False) -> "pandas.DataFrame":
        """The landmarks as a table with one row for each landmark of each face.

        Its columns are `face` and `landmark` (both from 0), `group` (a category: jaw, brows, ...),
        `x`, `y` and `scale` in image pixels, and, equal in all rows of a face, `score`, `box_x1`,
        `box_y1`, `box_x2`, `box_y2`. So filters and `groupby` work on landmarks as on faces; one
        row a face is `table.pivot(index="face", columns="landmark", values=["x", "y", "scale"])`.

        Faces of a calibrated model also have `radius_50` and `radius_90` in pixels, and
        `confidence`; faces of a `Tracker` have `id`.

        Args:
            pose: also `yaw`, `pitch`, `roll` and `yaw_radius_90` and so on, degrees, equal in all
                rows of a face.
            eyes: also `left_eye`, `right_eye`, `mouth`, the openness, and `left_closed`,
                `right_closed`, probabilities, equal in all rows of a face.

        Raises:
            MissingExtraError: pandas is not installed.
            OptionError: `pose` or `eyes`, and the landmarks are not the 68 of `IBUG68`.
        """
        from ..formats.dataframe import to_pandas

        check_flags(pose=pose, eyes=eyes)
        k = self.scheme.size
        more: dict[str, NDArray[Any]] = {}
        if self.ids is not None:
            more["id"] = np.repeat(self.ids, k)
        if self.calibration is not None and self.textures is not None:
            if self.calibration.has_radii:
                more |= {radius_key(p): self.radius(p).ravel() for p in RECORDED}
            more["confidence"] = np.repeat(self.confidence, k)
        answers = self._answer_columns(pose=pose, eyes=eyes)
        more |= {name: np.repeat(column, k) for name, column in answers.items()}
        return to_pandas(
            self.boxes, self.scores, self.landmarks, self.scales, self.scheme.groups, more
        )

    def to_supervision(self) -> "supervision.KeyPoints":
        """The faces as key points of supervision 0.29 or later, for its annotators and filters.

        Scores are `detection_confidence`, every `class_id` is 0. `data` holds `xyxy` (N, 4), the
        boxes; `scale` (N, K), the Laplace scales in pixels; and `covariance` (N, K, 2, 2) in
        square pixels, that of a Laplace distribution of this scale on each axis, which the
        `VertexEllipse...Annotator`s draw. `keypoint_confidence` is None, as a scale is no
        probability.

        Raises:
            MissingExtraError: supervision is not installed.
        """
        from ..formats.keypoints import to_supervision

        return to_supervision(self.boxes, self.scores, self.landmarks, self.scales)

    def to_coco(
        self,
        *,
        image_id: int | str,
        category_id: int = 1,
        first_id: int = 1,
        width: int | None = None,
        height: int | None = None,
    ) -> list[dict[str, Any]]:
        """The faces as annotations of a COCO key point file, plain lists and numbers.

        Each has `keypoints` (x, y, flag in turn, 0-based image pixels: flag 2 is visible, 1 lies
        beyond the border), `num_keypoints`, `bbox` (x, y, width, height), `area` (of the box),
        `iscrowd` 0, and `score` as results have it. `scheme.coco_category()` is the entry in
        `categories`.

        Args:
            image_id: `id` of the photo in `images`.
            category_id: `id` of the face in `categories`.
            first_id: `id` of the first annotation; the next count on, as ids are unique in a file.
            width: width of the photo, pixels; None takes that of `image_size`. Boxes end at the
                border.
            height: likewise.

        Raises:
            OptionError: an id or a side is no whole number.
        """
        from ..formats.coco import to_coco

        known = self.image_size or (None, None)
        return to_coco(
            self.boxes,
            self.scores,
            self.landmarks,
            image_id=image_id,
            category_id=category_id,
            first_id=first_id,
            width=known[0] if width is None else width,
            height=known[1] if height is None else height,
        )
