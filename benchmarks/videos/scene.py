"""The parts of made videos: a photo of a face, its place, and a room behind it."""

from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.common.machine import PHOTO
from lapland import IBUG68, Detector

SIZE = (640, 480)

Points = NDArray[np.float64]
Image = NDArray[np.uint8]


@dataclass(frozen=True)
class Person:
    """A photo of one face, and its landmarks (K, 2) in the photo."""

    name: str
    image: Image
    landmarks: Points

    @property
    def centre(self) -> Points:
        """(2,) middle of the landmarks' rectangle."""
        return (self.landmarks.min(axis=0) + self.landmarks.max(axis=0)) / 2

    @property
    def side(self) -> float:
        """Longer side of that rectangle, pixels."""
        return float(np.ptp(self.landmarks, axis=0).max())

    def other(self) -> "Person":
        """Somebody else, as far as one photo can give: mirrored, the colours exchanged."""
        flipped = np.ascontiguousarray(self.image[:, ::-1, ::-1])
        landmarks = self.landmarks[list(IBUG68.mirror)] * [-1, 1]
        return Person(
            f"{self.name}-other", flipped, landmarks + np.array([self.image.shape[1] - 1, 0])
        )


@cache
def astronaut(crops: int = 64) -> Person:
    """The photo of the examples, with landmarks that favour no method of cropping.

    They are the mean of the widest model's landmarks in so many crops, shifted, scaled and turned
    about the detected one.
    """
    image = cv2.imread(str(PHOTO))
    detector = Detector("1", weights="300w", detector="mtcnn", threads=1)
    five = detector.predict(image).five_points[0].astype(np.float64)
    rng = np.random.default_rng(0)
    centre, side = five.mean(axis=0), np.ptp(five, axis=0).max()
    seen = []
    for _ in range(crops):
        angle, scale = rng.uniform(-0.2, 0.2), np.exp(rng.uniform(-0.15, 0.15))
        turn = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        seen.append((five - centre) @ turn.T + centre + rng.uniform(-0.15, 0.15, 2) * side)
    landmarks = detector.predict(image, five_points=np.stack(seen)).landmarks
    return Person("astronaut", image, landmarks.astype(np.float64).mean(axis=0))


def placed(person: Person, x: float, y: float, side: float, degrees: float = 0.0) -> Points:
    """The affine (2, 3) that puts a face at (x, y), so large and turned so far."""
    angle, scale = np.radians(degrees), side / person.side
    turn = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return np.hstack([turn, (np.array([x, y]) - turn @ person.centre)[:, None]])


def carried(points: Points, affine: Points) -> Points:
    """(K, 2) points of the photo -> of the frame."""
    return points @ affine[:, :2].T + affine[:, 2]


@cache
def background(seed: int = 0) -> NDArray[np.float32]:
    """A drawn room, (480, 640, 3), read-only: soft blotches and some straight edges."""
    rng = np.random.default_rng(seed)
    room = np.zeros((SIZE[1], SIZE[0], 3), np.float32)
    for cells, weight in ((4, 50), (16, 25), (64, 12)):
        grey, colour = rng.normal(0, weight, (cells, cells, 1)), rng.normal(0, 4, (cells, cells, 3))
        blotches = (grey + colour).astype(np.float32)
        room += cv2.resize(blotches, SIZE, interpolation=cv2.INTER_CUBIC)
    room += 110
    for _ in range(12):
        x, y, w, h = rng.integers((0, 0, 20, 20), (600, 440, 200, 160))
        room[y : y + h, x : x + w] += rng.normal(0, 25) + rng.normal(0, 6, 3)
    room = room.clip(0, 255)
    room.flags.writeable = False
    return room


def paste(
    canvas: NDArray[np.float32], person: Person, affine: Points, *, head: bool = False
) -> NDArray[np.float32]:
    """Lays a photo, or an ellipse about its head alone, on the canvas."""
    photo, mask, corner = _head(person) if head else _whole(person)
    height, width = mask.shape
    affine = np.hstack([affine[:, :2], carried(corner, affine)[:, None]])
    # The part of the canvas that changes.
    ends = carried(np.array([[0.0, 0], [width, 0], [0, height], [width, height]]), affine)
    left, top = np.clip(np.floor(ends.min(axis=0)).astype(int) - 1, 0, SIZE).tolist()
    right, bottom = np.clip(np.ceil(ends.max(axis=0)).astype(int) + 1, 0, SIZE).tolist()
    result = canvas.copy()
    if left == right or top == bottom:
        return result
    affine[:, 2] -= left, top
    size = right - left, bottom - top
    # Shrunk in the photo's own pixels first if the face becomes smaller, so that none aliases.
    scale = float(np.sqrt(abs(np.linalg.det(affine[:, :2]))))
    if scale < 0.8:
        photo = cv2.GaussianBlur(photo, (0, 0), 0.4 / scale)
    photo = cv2.warpAffine(photo, affine, size, flags=cv2.INTER_CUBIC)
    part = cv2.warpAffine(mask, affine, size)[..., None]
    place = result[top:bottom, left:right]
    place += part * (photo - place)
    return result


def _whole(person: Person) -> tuple[NDArray[np.float32], NDArray[np.float32], Points]:
    """A photo, how much of each pixel is laid on, and its upper left corner in the photo."""
    photo = person.image.astype(np.float32)
    return photo, np.ones(photo.shape[:2], np.float32), np.zeros(2)


def _head(person: Person) -> tuple[NDArray[np.float32], NDArray[np.float32], Points]:
    """The same for the part of the photo about an ellipse."""
    x, y = (person.centre - [0, 0.12 * person.side]).astype(int).tolist()
    axes = int(0.68 * person.side), int(0.85 * person.side)
    soft = 0.03 * person.side  # its edge
    beyond = round(5 * soft)
    left, top = max(x - axes[0] - beyond, 0), max(y - axes[1] - beyond, 0)
    rows, columns = slice(top, y + axes[1] + beyond), slice(left, x + axes[0] + beyond)
    photo = person.image[rows, columns].astype(np.float32)
    mask = np.zeros(photo.shape[:2], np.float32)
    cv2.ellipse(mask, (x - left, y - top), axes, 0, 0, 360, 1.0, -1)
    return photo, cv2.GaussianBlur(mask, (0, 0), soft), np.array([left, top], np.float64)
