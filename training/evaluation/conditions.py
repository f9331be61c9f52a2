"""Annotated faces as a model finds them when things go wrong: corrupted photos, crops that miss.

After *2D Wasserstein Loss for Robust Facial Landmark Detection* (Yan et al., 2020), which asks that
robustness be measured, and not only the error on photos that are as good as those of training.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from lapland.base.boxes import around
from lapland.crop import square
from lapland.detection.registry import load_detector
from training.data.crops import CropSpec, cut_all
from training.data.faces import AnnotatedFaces
from training.data.pixels import Picture
from training.evaluation.corruptions import CORRUPTIONS, UNTRAINED, Place
from training.network.rcn import SIZE

CLEAN = "photos as they are"
SHIFTS = (0.05, 0.1, 0.15)  # standard deviations of the shifts

Change = Callable[[Picture, Place, np.random.Generator], Picture]


@dataclass(frozen=True)
class Condition:
    """The crops of a set of faces under one condition.

    Attributes:
        kind: kind of corruption, "motion blur".
        name: with its strength, "motion blur of 0.2 d".
        crops: (N, 80, 80, 3) uint8 BGR.
        matrices: (N, 2, 3), crop pixels -> image pixels.
    """

    kind: str
    name: str
    crops: NDArray[np.uint8]
    matrices: NDArray[np.float64]


def conditions_of(
    faces: AnnotatedFaces,
    spec: CropSpec,
    *,
    corrupt: bool = True,
    perturb: bool = True,
    untrained: bool = False,
    seed: int = 0,
) -> Iterator[Condition]:
    """The clean photos first, then every kind and strength of `CORRUPTIONS`, then shifts.

    Corrupted photos are cropped at the place of the clean photo, so that the landmark network is
    measured and not the detector. A shift moves one of two: the five points, each by itself, by a
    normal distribution whose deviation is a share of d; or the corners of the box of the
    landmarks, with a deviation as a share of its longer side; MTCNN's
    last stage then places the five points in it.

    Args:
        faces: faces with detected five points.
        spec: how the model crops.
        corrupt: with corrupted photos.
        perturb: with five points and boxes that are shifted.
        untrained: with the kinds of corruption that training does not show, `UNTRAINED`, too.
        seed: seed of the random numbers; every strength has the same.
    """
    matrices = spec.matrices(faces.five_points)  # (N, 2, 3)
    yield Condition(CLEAN, CLEAN, cut_all(faces, matrices).numpy(), matrices)
    kinds = (CORRUPTIONS if corrupt else {}) | (UNTRAINED if untrained else {})
    total = sum(len(strengths) for strengths in kinds.values())
    total += 2 * len(SHIFTS) * perturb
    with tqdm(
        total=total, desc="conditions", unit="condition", mininterval=2.0, disable=not total
    ) as bar:
        if kinds:
            fine, places = pictures(faces, matrices)  # cut once, for all corruptions
            for kind, strengths in kinds.items():
                for how in strengths:
                    # Yielded one by one: who wants figures alone holds the crops of one condition.
                    crops = changed_crops(fine, places, how.change, seed)
                    bar.update()
                    yield Condition(kind, how.name, crops, matrices)
        if perturb:
            for kind, move in (("shifted points", shifted_points), ("shifted boxes", boxed_points)):
                for amount in SHIFTS:
                    # The same draws for every amount, so that amounts differ in nothing else.
                    moved = spec.matrices(move(faces, amount, np.random.default_rng(seed)))
                    bar.update()
                    name = f"{kind} by {amount:.2f} {'d' if kind.endswith('points') else 'h'}"
                    yield Condition(kind, name, cut_all(faces, moved).numpy(), moved)


def pictures(
    faces: AnnotatedFaces, matrices: NDArray[np.float64]
) -> tuple[list[NDArray[np.uint8]], list[Place]]:
    """Each face at twice the resolution of its crop, and its place in that picture."""
    # Corruptions change this cut-out and not the photo, so that none depends on the photo's size.
    fine = matrices.copy()  # (N, 2, 3), picture pixels -> image pixels
    fine[:, :, :2] /= 2  # a crop pixel is the mean of two by two of the picture's
    # The centre of the first pixel moves by a quarter of a crop pixel towards the corner.
    fine[:, :, 2] -= fine[:, :, :2].sum(axis=2) / 2
    # N of (160, 160, 3) uint8.
    cuts = [square.cut(i, m, 2 * SIZE) for i, m in zip(faces.images, fine, strict=True)]
    zoom = 1 / square.steps(fine)  # (N,), picture pixels for an image pixel
    boxes = around(faces.landmarks)  # (N, 4)
    heights = (boxes[:, 2:] - boxes[:, :2]).max(axis=1)  # (N,) image pixels
    points = square.to_crop(faces.five_points, fine)  # (N, 5, 2) picture pixels
    return cuts, [
        Place(five, float(size), float(height))
        for five, size, height in zip(points, faces.sizes * zoom, heights * zoom, strict=True)
    ]


def changed_crops(
    fine: list[NDArray[np.uint8]], places: list[Place], change: Change, seed: int = 0
) -> NDArray[np.uint8]:
    """The result of `pictures` -> (N, 80, 80, 3) crops of the changed pictures."""
    rng = np.random.default_rng(seed)
    # One after the other: the order of the faces decides which random numbers each has.
    changed = (change(picture, place, rng) for picture, place in zip(fine, places, strict=True))
    # 160 to 80 pixels a side: means of two by two, as `square.cut` takes them.
    return np.stack([cv2.resize(p, (SIZE, SIZE), interpolation=cv2.INTER_AREA) for p in changed])


def shifted_points(
    faces: AnnotatedFaces, amount: float, rng: np.random.Generator
) -> NDArray[np.float64]:
    """(N, 5, 2): the five points, each shifted by a standard deviation of so many d an axis."""
    noise = rng.standard_normal(faces.five_points.shape)
    return faces.five_points + amount * faces.sizes[:, None, None] * noise


def boxed_points(
    faces: AnnotatedFaces, amount: float, rng: np.random.Generator
) -> NDArray[np.float64]:
    """(N, 5, 2): where MTCNN's last stage puts the five points in boxes whose corners are shifted.

    By a standard deviation of so many longer sides of the box, at most two of them.
    """
    boxes = around(faces.landmarks) if faces.boxes is None else faces.boxes  # (N, 4) image pixels
    mtcnn = load_detector("mtcnn", threads=1)
    sides = (boxes[:, 2:] - boxes[:, :2]).max(axis=1)  # (N,)
    noise = np.clip(rng.standard_normal(boxes.shape), -2, 2)
    moved = boxes + amount * sides[:, None] * noise
    found = [
        mtcnn.five_points(image, box[None])[1][0]  # scores, points: those of the one box
        for image, box in zip(faces.images, moved, strict=True)
    ]
    return np.stack(found).astype(np.float64)
