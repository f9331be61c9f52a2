"""Annotated faces, and scenes made of them: faces of one size in photos without, turned faces."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from training.data.pts import read_pts

WIDTH, HEIGHT = 640, 480
SUFFIXES = (".jpg", ".jpeg", ".png", ".webp")
_CROP = 1.25  # half the side of a pasted crop, in longer sides of the rectangle of the landmarks
_MOST = 8  # faces in a scene
_ROOM = 1.6  # largest photo that a scene is a part of, in sizes that just cover it


@dataclass(frozen=True)
class Face:
    """A photo of one face.

    Attributes:
        image: (H, W, 3) uint8 BGR.
        landmarks: (K, 2) 0-based pixels; None if there are none, and the photo shows little else.
    """

    image: NDArray[np.uint8]
    landmarks: NDArray[np.float64] | None


def read_faces(folder: Path, names: list[str] | None = None) -> list[Face]:
    """The photos of a folder, or those of a list of paths without suffix below it."""
    files = sorted(p for p in folder.rglob("*") if p.suffix in (".jpg", ".png"))
    if names is not None:
        listed = {folder / name for name in names}
        files = [file for file in files if file.with_suffix("") in listed]
    faces = []
    for file in files:
        image = cv2.imread(str(file))
        if image is None:
            raise ValueError(f"{file}: expected an image")
        points = file.with_suffix(".pts")
        faces.append(Face(image, read_pts(points) if points.exists() else None))
    return faces


def read_backgrounds(folder: Path) -> list[NDArray[np.uint8]]:
    """All photos below a folder that cover a scene, shrunk to little more."""
    photos = []
    for file in sorted(p for p in folder.rglob("*") if p.suffix.lower() in SUFFIXES):
        image = cv2.imread(str(file))
        if image is None or image.shape[0] < HEIGHT or image.shape[1] < WIDTH:
            continue
        rate = min(1.0, _ROOM * max(WIDTH / image.shape[1], HEIGHT / image.shape[0]))
        size = max(WIDTH, round(image.shape[1] * rate)), max(HEIGHT, round(image.shape[0] * rate))
        photos.append(cv2.resize(image, size, interpolation=cv2.INTER_AREA))
    return photos


def window(photo: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """A part of a photo, 640 x 480, shrunk by chance as far as it covers that."""
    least = max(WIDTH / photo.shape[1], HEIGHT / photo.shape[0])
    rate = min(1.0, least * rng.uniform(1, _ROOM))
    size = max(WIDTH, round(photo.shape[1] * rate)), max(HEIGHT, round(photo.shape[0] * rate))
    small = cv2.resize(photo, size, interpolation=cv2.INTER_AREA)
    x, y = rng.integers(size[0] - WIDTH + 1), rng.integers(size[1] - HEIGHT + 1)
    return small[y : y + HEIGHT, x : x + WIDTH].copy()


def scaled(face: Face, size: float) -> tuple[NDArray[np.uint8], NDArray[np.float64]]:
    """A crop of 2.5 times the face, whose landmarks' rectangle has the longer side `size`.

    Returns:
        the crop, at most as large as a scene, and its landmarks.
    """
    points = face.landmarks
    assert points is not None
    rate = size / float((points.max(axis=0) - points.min(axis=0)).max())
    how = cv2.INTER_AREA if rate < 1 else cv2.INTER_CUBIC
    image = cv2.resize(face.image, None, fx=rate, fy=rate, interpolation=how)
    points = (points + 0.5) * rate - 0.5
    centre = (points.min(axis=0) + points.max(axis=0)) / 2
    first = np.maximum(np.round(centre - _CROP * size), 0).astype(int)
    last = np.minimum(np.round(centre + _CROP * size), image.shape[1::-1]).astype(int)
    last = np.minimum(last, first + np.array([WIDTH, HEIGHT]))
    return image[first[1] : last[1], first[0] : last[0]], points - first


def scenes(
    faces: list[Face], size: float, photos: list[NDArray[np.uint8]], rng: np.random.Generator
) -> Iterator[tuple[NDArray[np.uint8], list[NDArray[np.float64]]]]:
    """Photos with faces of one size pasted in, side by side, until each face was used once."""
    waiting = [faces[i] for i in rng.permutation(len(faces))]
    while waiting:
        image = window(photos[rng.integers(len(photos))], rng)
        taken: list[tuple[int, int, int, int]] = []
        truth: list[NDArray[np.float64]] = []
        for _ in range(4 * _MOST):
            if not waiting or len(truth) == _MOST:
                break
            crop, points = scaled(waiting[-1], size)
            height, width = crop.shape[:2]
            x = int(rng.integers(WIDTH - width + 1))
            y = int(rng.integers(HEIGHT - height + 1))
            if any(
                x < right and left < x + width and y < bottom and top < y + height
                for left, top, right, bottom in taken
            ):
                continue
            image[y : y + height, x : x + width] = crop
            taken.append((x, y, x + width, y + height))
            truth.append(points + np.array([x, y]))
            waiting.pop()
        yield image, truth


def turned(
    face: Face, size: float, degrees: float
) -> tuple[NDArray[np.uint8], NDArray[np.float64]]:
    """A face of a size, turned clockwise about the middle of a scene, its border drawn out.

    Returns:
        the scene and its landmarks.
    """
    points = face.landmarks
    assert points is not None
    low, high = points.min(axis=0), points.max(axis=0)
    centre = (low + high) / 2
    matrix = cv2.getRotationMatrix2D(centre.tolist(), -degrees, size / float((high - low).max()))
    matrix[:, 2] += np.array([WIDTH / 2, HEIGHT / 2]) - centre
    image = cv2.warpAffine(
        face.image,
        matrix,
        (WIDTH, HEIGHT),
        flags=cv2.INTER_AREA,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return image, points @ matrix[:, :2].T + matrix[:, 2]


def found(boxes: NDArray[np.floating], face: Face | NDArray[np.float64]) -> bool:
    """Whether a box lies on a face: near its middle, and of about its size.

    Args:
        boxes: (N, 4) x1, y1, x2, y2.
        face: its landmarks (K, 2), or the photo, which shows little but one face.
    """
    if isinstance(face, Face) and face.landmarks is not None:
        face = face.landmarks
    if isinstance(face, Face):
        size = np.array(face.image.shape[1::-1])
        middle, least, most, off = size / 2, 0.2 * max(size), 1.3 * max(size), 0.4 * max(size)
    else:
        low, high = face.min(axis=0), face.max(axis=0)
        side = float((high - low).max())
        middle, least, most, off = (low + high) / 2, 0.55 * side, 2.2 * side, 0.45 * side
    sides = (boxes[:, 2:] - boxes[:, :2]).max(axis=1)
    far = np.abs((boxes[:, :2] + boxes[:, 2:]) / 2 - middle).max(axis=1)
    return bool(((far < off) & (sides > least) & (sides < most)).any())
