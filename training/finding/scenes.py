"""Scenes with faces of known places: labelled faces pasted into scenes without any.

Faces come with the scene about them, in its rectangle or cut out along an oval, hard or soft. Some
are covered in part, some cut by the border; a few hang upside down and count as none.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from lapland.crop import square
from lapland.crop.five_points import roll
from training.data.augment import Augmentation, change_pixels
from training.data.faces import AnnotatedFaces
from training.data.pixels import Picture, covered
from training.finding.backgrounds import background, part

Points = NDArray[np.float64]

SIZE = 160  # pixels of a scene
# The square of a face in its upright portrait of 80 pixels: that of MTCNN's box.
MIDDLE, SIDE = (39.3, 33.8), 70.0
LEAST, MOST = 14.0, 140.0  # sides of faces, within those that the levels find
# Probability of a face beyond all levels. Most hair, ears and collars of a photo belong to one, and
# look like small faces.
_HUGE = 0.18
_TILT, _STEEP = 18.0, 70.0  # degrees: deviation of the roll; range of a uniform part
_LEANING = 0.45  # share of that part
_HANGING = (105.0, 255.0)  # degrees; a face turned so far counts as none
_PIXELS = Augmentation(light=0.6, grey=0.12, blur=0.35, most_blur=1.4, dark=0.05, noise=0.2)
MIRRORED = [1, 0, 2, 4, 3]  # five points of a mirrored face, in their order


@dataclass(frozen=True)
class Scene:
    """A scene with M faces.

    Attributes:
        image: (SIZE, SIZE, 3) uint8, BGR.
        squares: (M, 3), centre and side of each face, pixels.
        five_points: (M, 5, 2).
        counts: (M,), whether it is certain that it counts as a face.
    """

    image: Picture
    squares: Points
    five_points: Points
    counts: NDArray[np.bool_]


def squares_of(five_points: Points) -> Points:
    """(M, 5, 2) -> (M, 3): centre and side of the squares of faces."""
    if not len(five_points):
        return np.empty((0, 3))
    # (M, 2, 3), portrait -> image.
    matrices = square.crop_matrices(five_points, factor=3.0, size=80, upright=True)
    # The length of a column: image pixels to a pixel of the portrait.
    sides = SIDE * np.hypot(matrices[:, 0, 0], matrices[:, 1, 0])
    middles = matrices[:, :, :2] @ np.array(MIDDLE) + matrices[:, :, 2]
    return np.concatenate([middles, sides[:, None]], axis=1)


class Scenes:
    """Makes scenes of labelled faces.

    Args:
        faces: the faces.
        photos: photos without faces.
        turned: whether faces are turned by any angle, and all count.
    """

    def __init__(
        self, faces: AnnotatedFaces, photos: Sequence[Picture], *, turned: bool = False
    ) -> None:
        self._faces = [
            _Source(image, five) for image, five in zip(faces.images, faces.labelled, strict=True)
        ]
        self._photos, self._turned = photos, turned

    def draw(self, rng: np.random.Generator) -> Scene:
        """One scene."""
        image = self._background(rng)
        squares: list[Points] = []
        points: list[Points] = []
        counts: list[bool] = []
        for _ in range(rng.choice([0, 1, 2, 3, 4, 5], p=[0.08, 0.24, 0.22, 0.2, 0.16, 0.1])):
            source = self._faces[rng.integers(len(self._faces))]
            placed = source.placed(rng, self._turned)
            place = squares_of(placed.five[None])[0]
            # At 0.5 the squares would touch.
            near = [max(abs(place[:2] - s[:2])) < 0.75 * (place[2] + s[2]) for s in squares]
            if any(near):
                continue
            image = placed.paste(image, place, squares, rng)
            if placed.hangs:  # in the picture and not among the labels: its cells learn none
                continue
            squares.append(place)
            points.append(placed.five)
            counts.append(placed.counts)
        image = change_pixels(image, _PIXELS, rng)  # last: one camera took the whole scene
        return Scene(
            image,
            np.array(squares).reshape(-1, 3),
            np.array(points).reshape(-1, 5, 2),
            np.array(counts, bool),
        )

    def _background(self, rng: np.random.Generator) -> Picture:
        """A scene without faces; one in five is the surroundings of a face."""
        if rng.random() < 0.25:
            around = self._faces[rng.integers(len(self._faces))].surroundings(rng)
            if around is not None:
                return part(around, SIZE, rng)
        return background(SIZE, self._photos, rng)


@dataclass(frozen=True)
class _Placed:
    """A face at its place in a scene: its photo, the matrix to the scene, five points there."""

    photo: Picture
    matrix: Points
    five: Points
    counts: bool
    hangs: bool

    def paste(
        self, scene: Picture, place: Points, others: list[Points], rng: np.random.Generator
    ) -> Picture:
        """The scene with the face in it, behind the squares of others."""
        face = cv2.warpAffine(
            self.photo, self.matrix, (SIZE, SIZE), borderMode=cv2.BORDER_REPLICATE
        )
        if rng.random() < 0.4:
            # In other light than the scene.
            face = change_pixels(face, Augmentation(light=0.6), rng)
        if rng.random() < 0.25:
            face = _hidden(face, self.five, place[2], rng)
        mask = np.zeros((SIZE, SIZE), np.float32)  # 1 where the face's photo replaces the scene
        if rng.random() < 0.5:
            height, width = self.photo.shape[:2]
            # Edges of the outer pixels.
            corners = np.array([[0, 0], [width, 0], [width, height], [0, height]]) - 0.5
            corners = corners @ self.matrix[:, :2].T + self.matrix[:, 2]
            cv2.fillConvexPoly(mask, np.round(corners).astype(np.int32), 1.0)
        else:
            # Halves of the oval's axes; OpenCV takes the whole.
            axes = place[2] * rng.uniform([0.6, 0.7], [1.0, 1.2])
            angle = float(np.rad2deg(roll(self.five[None])[0]))
            shape = tuple(place[:2].tolist()), tuple((2 * axes).tolist()), angle
            cv2.ellipse(mask, shape, 1.0, cv2.FILLED)
        if rng.random() < 0.6:
            mask = cv2.GaussianBlur(mask, (0, 0), rng.uniform(0.5, 0.5 + 0.06 * place[2]))
        for x, y, side in others:
            # Earlier faces stay in front.
            low, high = np.maximum([x, y] - 0.6 * side, 0), np.maximum([x, y] + 0.6 * side, 0)
            mask[int(low[1]) : int(high[1]) + 1, int(low[0]) : int(high[0]) + 1] = 0
        mixed = scene + (face.astype(np.float32) - scene) * mask[..., None]
        return np.round(mixed).astype(np.uint8)


class _Source:
    """A photo of a face, at several sizes."""

    def __init__(self, image: Picture, five: Points) -> None:
        self._sizes = [image]
        while min(self._sizes[-1].shape[:2]) > 48:
            last = self._sizes[-1]
            self._sizes.append(cv2.resize(last, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA))
        self._five = five
        self._square = squares_of(five[None])[0]

    def placed(self, rng: np.random.Generator, turned: bool) -> _Placed:
        """The face at a place, of a size and roll by chance, mirrored or not."""
        # Logarithms: as many from 14 to 28 as from 70 to 140.
        side = float(np.exp(rng.uniform(np.log(LEAST), np.log(MOST))))
        huge = rng.random() < _HUGE
        if huge:
            side = rng.uniform(MOST, 3 * MOST)
        hangs, degrees = (False, rng.uniform(-180, 180)) if turned else _leaning(rng)
        # Anywhere, so that the border may cut it. Of a huge face often only a part is seen.
        beyond = (0.6 if huge else 0.15) * side
        centre = rng.uniform(-beyond, SIZE + beyond, 2)
        if not huge and rng.random() < 0.7:
            room = max(0.0, SIZE / 2 - 0.5 * side)  # whole, if it is no larger than the scene
            centre = SIZE / 2 + rng.uniform(-room, room, 2)
        rate = side / self._square[2]  # scene pixels to a pixel of the full photo
        # The halved photo from which the warp, which samples single pixels, shrinks by 1.7 at most.
        number = int(np.clip(np.floor(np.log2(1 / rate) + 0.2), 0, len(self._sizes) - 1))
        photo = self._sizes[number]
        # About 1 / 2^number; sides are rounded.
        share = np.array(photo.shape[1::-1]) / self._sizes[0].shape[1::-1]
        angle = np.deg2rad(degrees)
        turn = rate * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        mirrored = bool(rng.random() < 0.5)
        if mirrored:
            turn = turn @ np.diag([-1.0, 1.0])  # mirrored first, then turned
        offset = centre - turn @ self._square[:2]  # of pixels of the full photo
        five = self._five @ turn.T + offset
        linear = turn / share
        # Pixel x of the halved photo is pixel (x + 0.5) / share - 0.5 of the full one.
        matrix = np.column_stack([linear, offset + turn @ (0.5 / share - 0.5)])
        inside = ((five > -0.1 * side) & (five < SIZE + 0.1 * side)).all()
        # A face turned farther, or with points outside, is neither a face nor none.
        counts = bool(inside and (turned or abs(degrees) <= 75))
        return _Placed(photo, matrix, five[MIRRORED] if mirrored else five, counts, hangs)

    def surroundings(self, rng: np.random.Generator) -> Picture | None:
        """Any strip of the photo beside the face, or none if all are narrow."""
        photo = self._sizes[0]
        x, y, side = self._square
        # Half a side is the face: the rest is margin.
        left, right = int(x - 0.75 * side), int(x + 0.75 * side)
        top, bottom = int(y - 0.85 * side), int(y + 0.75 * side)
        strips = [photo[:, : max(left, 0)], photo[:, right:], photo[: max(top, 0)], photo[bottom:]]
        strips = [strip for strip in strips if min(strip.shape[:2]) >= 24]
        return strips[rng.integers(len(strips))] if strips else None


def _leaning(rng: np.random.Generator) -> tuple[bool, float]:
    """Whether a face hangs upside down, and its roll in degrees."""
    hangs = bool(rng.random() < 0.06)
    steep = rng.uniform(-_STEEP, _STEEP) if rng.random() < _LEANING else rng.normal(0, _TILT)
    return hangs, rng.uniform(*_HANGING) if hangs else float(np.clip(steep, -90, 90))


def _hidden(face: Picture, five: Points, side: float, rng: np.random.Generator) -> Picture:
    """The face with a part covered: its lower half, its eyes, or a spot."""
    # Eye to eye, eyes to mouth: they turn with the face.
    across, down = five[1] - five[0], five[3:].mean(axis=0) - five[:2].mean(axis=0)
    colour = tuple(map(int, rng.integers(0, 256, 3)))
    kind = rng.integers(3)
    if kind == 0:  # from the nose down
        start = five[2] - 0.1 * down
        reach = 1.2 * down
        wide = across * rng.uniform(0.7, 1.0)
        block = np.array([start - wide, start + wide, start + 0.8 * wide + reach])
        block = np.concatenate([block, [start - 0.8 * wide + reach]])
    elif kind == 1:  # a bar over the eyes
        middle, wide = five[:2].mean(axis=0), across * rng.uniform(0.75, 1.0)
        high = down * rng.uniform(0.12, 0.25)
        block = np.array(
            [middle - wide - high, middle + wide - high, middle + wide + high, middle - wide + high]
        )
    else:
        middle = five.mean(axis=0) + rng.normal(0, 0.3, 2) * side  # a spot somewhere about the face
        block = middle + rng.normal(0, 0.3, (4, 2)) * side
        block = cv2.convexHull(block.astype(np.float32))[:, 0]
    return covered(face, block, colour)
