"""Videos with known motion, made from photos; `python -m benchmarks.tracking --write FOLDER`.

A photo is moved over a drawn background by a known affine, and seen through a camera with sensor
noise. So the landmarks of every frame are known: they are those of the photo, carried along. The
command writes each video as `NAME.avi`, to look at.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.videos.scene import SIZE, Image, Person, Points, background, carried, paste, placed
from lapland import IBUG68
from lapland.schemes.normaliser import normalisers

FPS = 30
NOISE = 2.0  # grey values, standard deviation of each pixel


@dataclass(frozen=True)
class Truth:
    """The true place of a face in a frame.

    Attributes:
        affine: (2, 3), photo -> frame.
        landmarks: (K, 2), frame pixels.
        hidden: whether so much of it is covered or outside that its landmarks are anybody's guess.
    """

    affine: Points
    landmarks: Points
    hidden: bool = False


@dataclass
class Frame:
    """One frame: (480, 640, 3) uint8 BGR, and the faces that are in it, by name."""

    image: Image
    faces: dict[str, Truth] = field(default_factory=dict)


Video = Iterator[Frame]


def _one(person: Person, poses: list[tuple[float, ...]]) -> Video:
    """A video of one face that takes these poses (x, y, side, degrees)."""
    room = background()
    for pose in poses:
        affine = placed(person, *pose)
        truth = Truth(affine, carried(person.landmarks, affine), _outside(person, affine))
        yield _seen(paste(room, person, affine), {person.name: truth})


def _seen(canvas: NDArray[np.float32], faces: dict[str, Truth]) -> Frame:
    """The frame of a canvas."""
    return Frame(canvas.clip(0, 255).astype(np.uint8), faces)


def _outside(person: Person, affine: Points) -> bool:
    points = carried(person.landmarks, affine)
    inside = ((points >= 0) & (points <= np.array(SIZE) - 1)).all(axis=1)
    return bool(inside.mean() < 0.75)


def _wave(count: int, period: float) -> NDArray[np.float64]:
    return np.sin(2 * np.pi * np.arange(count) / period)


def still(person: Person, other: Person) -> Video:
    """Nothing moves."""
    return _one(person, [(320.0, 240.0, 130.0, 0.0)] * 120)


def pan(person: Person, other: Person) -> Video:
    """The camera pans: up to 19 px a frame, 0.14 of the face."""
    return _one(
        person,
        [
            (320 + 180 * a, 240 + 40 * b, 130.0, 0.0)
            for a, b in zip(_wave(120, 60), _wave(120, 40), strict=True)
        ],
    )


def zoom(person: Person, other: Person) -> Video:
    """The face grows from 57 to 290 px and shrinks again."""
    return _one(person, [(320.0, 250.0, 130 * 2.25**a, 0.0) for a in _wave(120, 60)])


def rotation(person: Person, other: Person) -> Video:
    """The face turns in the plane, 60 degrees to each side."""
    return _one(person, [(320.0, 240.0, 130.0, 60 * a) for a in _wave(120, 60)])


def shake(person: Person, other: Person) -> Video:
    """A camera in an unsteady hand: 6 px and 1.5 degrees in each frame, blurred by the motion."""
    rng = np.random.default_rng(1)
    poses = [
        (320 + dx, 240 + dy, 130.0, turn)
        for dx, dy, turn in rng.normal(0, (6, 6, 1.5), (120, 3)).tolist()
    ]
    room = background()
    before = poses[0]
    for pose in poses:
        # The shutter is open during the second half of the motion.
        path = [np.array(before) + (np.array(pose) - before) * part for part in (0.5, 0.75, 1.0)]
        shots = [paste(room, person, placed(person, *at)) for at in path]
        middle = placed(person, *path[1])
        truth = Truth(middle, carried(person.landmarks, middle))
        yield _seen(np.mean(shots, axis=0), {person.name: truth})
        before = pose


def blur(person: Person, other: Person) -> Video:
    """The focus is lost and found again: blurred by up to 6 px, standard deviation."""
    affine = placed(person, 320, 240, 130)
    sharp = paste(background(), person, affine)
    truth = Truth(affine, carried(person.landmarks, affine))
    for amount in 6 * np.sin(np.pi * np.arange(120) / 60) ** 2:
        soft = cv2.GaussianBlur(sharp, (0, 0), float(amount)) if amount > 0.2 else sharp
        yield _seen(soft, {person.name: truth})


def light(person: Person, other: Person) -> Video:
    """Light flickers, goes down to a fifth, and moves from side to side."""
    affine = placed(person, 320, 240, 130)
    lit = paste(background(), person, affine)
    truth = Truth(affine, carried(person.landmarks, affine))
    across = np.linspace(-1, 1, SIZE[0], dtype=np.float32)[None, :, None]
    for level, side, flicker in zip(
        _wave(120, 60), _wave(120, 40), np.random.default_rng(2).normal(0, 0.1, 120), strict=True
    ):
        gain = (0.6 + 0.4 * level + flicker) * (1 + 0.7 * side * across)
        yield _seen(lit * np.maximum(gain, 0.05), {person.name: truth})


def expression(person: Person, other: Person) -> Video:
    """The mouth and one brow move by 0.12 of the distance of the eyes, twice a second."""
    affine = placed(person, 320, 240, 130)
    scene = paste(background(), person, affine)
    points = carried(person.landmarks, affine)
    reach = 0.35 * normalisers(points[None], IBUG68)[0]
    centres = (points[57], points[19])
    grid = np.stack(np.meshgrid(*(np.arange(n, dtype=np.float32) for n in SIZE)), axis=-1)

    def shift(at: Points, amount: float) -> Points:
        """Motion of the points at these places of the still frame."""
        total = np.zeros_like(at)
        for centre, sign in zip(centres, (1, -1), strict=True):
            near = np.exp(-((at - centre.astype(at.dtype)) ** 2).sum(axis=-1) / float(2 * reach**2))
            total[..., 1] += float(sign * amount) * near
        return total

    for level in _wave(120, 15):
        amount = 0.12 * level * reach / 0.35
        source = grid
        for _ in range(4):  # the place that has moved here, by fixed-point iteration
            source = grid - shift(source, amount)
        moved = cv2.remap(scene, source, None, cv2.INTER_CUBIC)
        yield _seen(moved, {person.name: Truth(affine, points + shift(points, amount))})


def occluder(person: Person, other: Person) -> Video:
    """A board passes in front of the face, as wide as the face, and covers it for a second."""
    affine = placed(person, 320, 240, 130)
    scene = paste(background(), person, affine)
    points = carried(person.landmarks, affine)
    board = background(7)[:, :170]
    left = np.concatenate([np.linspace(-170, 240, 45), np.full(30, 240), np.linspace(240, 660, 45)])
    for x in left.astype(int):
        canvas = scene.copy()
        low, high = max(x, 0), min(x + 170, SIZE[0])
        if low < high:
            canvas[:, low:high] = board[:, low - x : high - x]
        covered = ((points[:, 0] >= x) & (points[:, 0] <= x + 170)).mean()
        yield _seen(canvas, {person.name: Truth(affine, points, bool(covered > 0.25))})


def leave(person: Person, other: Person) -> Video:
    """The face goes out of the picture at the right, and comes back after a second."""
    path = np.concatenate([np.zeros(15), np.linspace(0, 1, 30), np.ones(30), np.linspace(1, 0, 30)])
    return _one(person, [(380 + 350 * a, 240.0, 130.0, 0.0) for a in [*path, *np.zeros(15)]])


def cut(person: Person, other: Person) -> Video:
    """Cuts between two faces at one place, to an empty room, and back to the first elsewhere."""
    for frame in range(150):
        seed = frame // 30 % 2
        who, x = ((person, 320), (other, 330), (None, 0), (person, 200), (other, 320))[frame // 30]
        room = background(seed)
        if who is None:
            yield _seen(background(5), {})
            continue
        affine = placed(who, x, 240, 130)
        truth = Truth(affine, carried(who.landmarks, affine))
        yield _seen(paste(room, who, affine), {who.name: truth})


def cross(person: Person, other: Person) -> Video:
    """Two faces pass each other, the first in front."""
    for part in np.concatenate([np.linspace(-1, 1, 75), np.linspace(1, -1, 75)]):
        faces, canvas = {}, background()
        for who, sign in ((other, -1), (person, 1)):
            affine = placed(who, 320 + sign * 190 * part, 240 + 10 * sign, 130)
            canvas = paste(canvas, who, affine, head=True)
            hidden = who is other and abs(2 * 190 * part) < 0.9 * 130 * 1.3
            faces[who.name] = Truth(affine, carried(who.landmarks, affine), bool(hidden))
        yield _seen(canvas, faces)


MOTIONS: dict[str, Callable[[Person, Person], Video]] = {
    motion.__name__: motion
    for motion in (
        still,
        pan,
        zoom,
        rotation,
        shake,
        blur,
        light,
        expression,
        occluder,
        leave,
        cut,
        cross,
    )
}


def noisy(video: Video, seed: int = 0) -> Video:
    """The frames of a video with the noise of a sensor."""
    rng = np.random.default_rng(seed)
    # One field of noise, at another place in each frame: new noise would take most of the time.
    width, height = SIZE
    plenty = rng.standard_normal((height + 97, width + 89, 3), np.float32) * NOISE
    for frame in video:
        x, y = rng.integers(0, (90, 98))
        noise = plenty[y : y + height, x : x + width]
        yield Frame(cv2.add(frame.image, noise, dtype=cv2.CV_8U), frame.faces)  # 0 to 255


def write(video: Video, path: Path, *, marked: bool = False) -> None:
    """Writes a video file, with the true landmarks drawn if `marked`."""
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), FPS, SIZE)
    for frame in video:
        image = frame.image.copy()
        for truth in frame.faces.values() if marked else ():
            for x, y in truth.landmarks.round().astype(int).tolist():
                cv2.circle(image, (x, y), 1, (0, 0, 255) if truth.hidden else (0, 255, 0), -1)
        writer.write(image)
    writer.release()
