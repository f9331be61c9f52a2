"""Annotated faces, held in memory, as a set of crops to train on."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lapland.base.boxes import around
from lapland.crop.five_points import UPRIGHT
from lapland.schemes.normaliser import LEAST, normalisers
from lapland.schemes.scheme import Scheme
from training.data.visible import mean_of_visible

# Left top and right bottom of the box around brows, eyes, mouth and chin, in the frame of
# `crop.five_points.UPRIGHT`: the mean of 1500 faces of 300-W.
FACE_BOX = (np.array([-0.95, -0.95]), np.array([0.95, 1.35]))


@dataclass
class AnnotatedFaces:
    """Annotated faces, each with its photo.

    Attributes:
        names: name of each face, `afw/1051618982_1`.
        images: (H, W, 3) uint8 BGR each; sizes differ. Faces of one photo share one array.
        landmarks: (N, K, 2) float64, image pixels; NaN if a landmark is not visible.
        labelled: (N, 5, 2), the five points that follow from the landmarks.
        sizes: (N,), the length d in image pixels that errors of each face are divided by.
        boxes: (N, 4) x1, y1, x2, y2, image pixels, if the annotation has them; None if the
            bounding boxes of the visible landmarks stand for them.
        weights: (N, K) float32, 0..1, of each landmark in the loss; None counts all fully.
        detected: (N, 5, 2), the five points that MTCNN found, NaN if it missed the face; None
            until `training.data.detected.add_detected` has run.
    """

    names: list[str]
    images: list[NDArray[np.uint8]]
    landmarks: NDArray[np.float64]
    labelled: NDArray[np.float64]
    sizes: NDArray[np.float64]
    boxes: NDArray[np.float64] | None = None
    weights: NDArray[np.float32] | None = None
    detected: NDArray[np.float64] | None = None

    @classmethod
    def from_landmarks(
        cls,
        names: Sequence[str],
        images: Sequence[NDArray[np.uint8]],
        landmarks: NDArray[np.float64],
        scheme: Scheme,
        *,
        boxes: NDArray[np.float64] | None = None,
        sizes: NDArray[np.float64] | None = None,
        weights: NDArray[np.float32] | None = None,
    ) -> "AnnotatedFaces":
        """Faces with known landmarks, and with boxes and sizes if given.

        Raises:
            ValueError: a face has no visible landmark, or nothing that its errors could be divided
                by.
        """
        # Lists of AFLW state their sizes; otherwise d follows from the landmarks.
        if sizes is None:
            sizes = normalisers(landmarks, scheme)
        for name, points, size in zip(names, landmarks, sizes, strict=True):
            if np.isnan(points).all():
                raise ValueError(f"{name}: none of its {scheme.size} landmarks is visible")
            if not LEAST < size < np.inf:  # NaN fails as well: an eye's corner that is not visible
                raise ValueError(
                    f"{name}: errors are divided by the size of the face, which is "
                    f"{0 if size <= LEAST else size} by its annotation; "
                    "leave the face out, or put its landmarks right"
                )
        labelled = five_from_landmarks(landmarks, scheme, boxes)
        return cls(list(names), list(images), landmarks, labelled, sizes, boxes, weights)

    def __len__(self) -> int:
        return len(self.names)

    def every(self, step: int) -> "AnnotatedFaces":
        """Every `step`-th face."""
        arrays = ("landmarks", "labelled", "sizes", "boxes", "weights", "detected")
        parts = {name: getattr(self, name) for name in arrays}
        return AnnotatedFaces(
            self.names[::step],
            self.images[::step],
            **{name: None if part is None else part[::step] for name, part in parts.items()},
        )

    @property
    def missed(self) -> NDArray[np.bool_]:
        """(N,), where MTCNN did not find the annotated face."""
        if self.detected is None:
            raise ValueError("MTCNN has not run on these faces")
        return np.isnan(self.detected).any(axis=(1, 2))  # (N, 5, 2) -> (N,)

    @property
    def five_points(self) -> NDArray[np.float64]:
        """(N, 5, 2): MTCNN's, or those of the landmarks if it missed the face."""
        if self.detected is None:
            return self.labelled
        return np.where(self.missed[:, None, None], self.labelled, self.detected)


def five_from_landmarks(
    landmarks: NDArray[np.float64], scheme: Scheme, boxes: NDArray[np.float64] | None = None
) -> NDArray[np.float64]:
    """Eyes, nose and corners of the mouth of each face, finite with any visibility.

    Each is the mean of the visible landmarks that stand for it. One without any comes from
    the five points of an upright frontal face: moved, turned and scaled to fit, by least squares,
    those that are visible, or, where fewer than two are, put into the box of the face. The fit is
    better than the box: with the farther side of 200 faces of 300-W hidden, the centre of half
    the crops moved by more than 2 % of their side, and by more than 12 % with a frontal face in
    the box of the landmarks left; the roll of 90 % stayed within 7 degrees, against 15.

    Args:
        landmarks: (N, K, 2), image pixels, NaN if not visible.
        scheme: scheme of the landmarks.
        boxes: (N, 4), x1, y1, x2, y2 of the faces; None takes the bounding boxes of the
            visible.

    Returns:
        (N, 5, 2), image pixels.
    """
    # Five arrays (N, 2): the mean of each group, NaN if none of it is visible.
    groups = [mean_of_visible(landmarks[:, list(group)], axis=1) for group in scheme.five]
    five = np.stack(groups, axis=1)  # (N, 5, 2)
    boxes = around(landmarks) if boxes is None else boxes
    # A face at a time: each misses other points, and most miss none.
    for i in np.flatnonzero(np.isnan(five).any(axis=(1, 2))):
        five[i] = _completed(five[i], boxes[i])
    return five


def _completed(five: NDArray[np.float64], box: NDArray[np.float64]) -> NDArray[np.float64]:
    """(5, 2) five points with NaN rows -> the same with those rows filled."""
    seen = ~np.isnan(five).any(axis=1)  # (5,)
    known, model = five[seen], UPRIGHT[seen]  # (n, 2) image pixels; (n, 2) distances of the eyes
    # One point, or several at one place, say nothing of size and roll.
    if len(known) < 2 or not np.ptp(known, axis=0).any():  # the box decides
        low, high = FACE_BOX
        zoom = ((box[2:] - box[:2]) / (high - low)).max()  # pixels for the distance of the eyes
        # The middle of FACE_BOX comes to lie on that of the box.
        placed = (UPRIGHT - (low + high) / 2) * zoom + (box[:2] + box[2:]) / 2
    else:
        # As complex numbers, turning and scaling is one factor.
        # (n,) each, centred: the offset of the least-squares fit then follows from the means.
        z, w = (
            points @ np.array([1, 1j])
            for points in (model - model.mean(axis=0), known - known.mean(axis=0))
        )
        factor = (z.conj() @ w) / (z.conj() @ z)  # of least |factor * z - w|^2
        moved = (UPRIGHT - model.mean(axis=0)) @ np.array([1, 1j]) * factor  # (5,)
        placed = np.stack([moved.real, moved.imag], axis=1) + known.mean(axis=0)
    return np.where(seen[:, None], five, placed)  # visible points stay


def origin(names: Sequence[str]) -> str:
    """Origin of the photos: "300w" if all lie in the folders of 300-W, else "own"."""
    folders = ("afw/", "helen/", "ibug/", "lfpw/")
    return "300w" if all(name.startswith(folders) for name in names) else "own"
