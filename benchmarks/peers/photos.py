"""The photos of 300-W that all see, and the landmarks that are annotated in each."""

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.common import machine
from training.data.pts import read_pts

SIZE = (640, 480)
ASTRONAUT_FACE = np.array([181.0, 82, 266, 171])  # chin to brows


@dataclass(frozen=True)
class Photo:
    """A photo and its annotated face.

    Attributes:
        image: (H, W, 3) uint8 BGR.
        box: (4,) x1, y1, x2, y2 of the annotated landmarks, pixels.
        landmarks: (68, 2), 0-based pixels; None of the astronaut, who has none.
    """

    image: NDArray[np.uint8]
    box: NDArray[np.float64]
    landmarks: NDArray[np.float64] | None


def astronaut() -> Photo:
    """The photo of the examples."""
    return Photo(machine.read_photo(machine.PHOTO, "benchmarks.peers"), ASTRONAUT_FACE, None)


def names(data: Path, split: str, count: int | None) -> list[str]:
    """Names of a split file of a 300-W folder, or so many of them, evenly chosen.

    Raises:
        FileNotFoundError: there is no such split.
    """
    found = (data / "splits" / f"{split}.txt").read_text(encoding="utf-8").split()
    if count is not None and count < len(found):
        return [found[i * len(found) // count] for i in range(count)]
    return found


def read(data: Path, name: str) -> Photo:
    """A photo of a 300-W folder.

    Raises:
        FileNotFoundError: the photo or its annotation is missing.
        ValueError: the annotation is in no `.pts` format.
    """
    paths = [path for s in (".jpg", ".png") if (path := data / f"{name}{s}").exists()]
    if not paths:
        raise FileNotFoundError(f"{data / name}: no photo of this name, .jpg or .png")
    points = read_pts(data / f"{name}.pts")
    box = np.concatenate([points.min(axis=0), points.max(axis=0)])
    return Photo(machine.read_photo(paths[0], "benchmarks.peers"), box, points)


def window(photo: Photo) -> Photo:
    """Scales a photo to cover 640 x 480 and cuts it so that the face is as central as can be."""
    height, width = photo.image.shape[:2]
    scale = max(SIZE[0] / width, SIZE[1] / height)
    size = (max(SIZE[0], round(width * scale)), max(SIZE[1], round(height * scale)))
    shrinks = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    scaled = cv2.resize(photo.image, size, interpolation=shrinks)
    box = (photo.box + 0.5) * scale - 0.5
    free = np.array(size) - SIZE
    left, top = np.clip(((box[:2] + box[2:]) / 2 - np.array(SIZE) / 2).round(), 0, free)
    cut = scaled[int(top) : int(top) + SIZE[1], int(left) : int(left) + SIZE[0]]
    points = photo.landmarks
    if points is not None:
        points = (points + 0.5) * scale - 0.5 - [left, top]
    return Photo(np.ascontiguousarray(cut), box - [left, top, left, top], points)


def save(photos: list[Photo], folder: Path) -> None:
    """Writes the images as 0.npy, 1.npy, ... for the workers."""
    for index, photo in enumerate(photos):
        np.save(folder / f"{index}.npy", photo.image)
