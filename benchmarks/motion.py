"""Videos with known motion, made from photos: `python -m benchmarks.motion --write FOLDER`.

A photo is moved over a drawn background by a known affine, and seen through a camera with sensor
noise. So the landmarks of every frame are known: they are those of the photo, carried along. The
command writes each video as `NAME.avi`, to look at.
"""

import argparse
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from lapland import Detector

SIZE = (640, 480)
FPS = 30
NOISE = 2.0  # grey values, standard deviation of each pixel
PHOTO = Path(__file__).resolve().parents[1] / "examples" / "astronaut.png"

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
        from lapland import IBUG68

        flipped = np.ascontiguousarray(self.image[:, ::-1, ::-1])
        landmarks = self.landmarks[list(IBUG68.mirror)] * [-1, 1]
        return Person(f"{self.name}-other", flipped, landmarks + [self.image.shape[1] - 1, 0])


@dataclass(frozen=True)
class Truth:
    """Where a face is in a frame.

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


def astronaut() -> Person:
    """The photo of the examples, with landmarks that favour no way of cropping.

    They are the mean of what the widest model finds in 64 crops that are shifted, scaled and turned
    about the detected one.
    """
    image = cv2.imread(str(PHOTO))
    detector = Detector("1", threads=1)
    five = detector.predict(image).five_points[0].astype(np.float64)
    rng = np.random.default_rng(0)
    centre, side = five.mean(axis=0), np.ptp(five, axis=0).max()
    crops = []
    for _ in range(64):
        angle, scale = rng.uniform(-0.2, 0.2), np.exp(rng.uniform(-0.15, 0.15))
        turn = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        crops.append((five - centre) @ turn.T + centre + rng.uniform(-0.15, 0.15, 2) * side)
    landmarks = detector.predict(image, five_points=np.stack(crops)).landmarks
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
    mask = np.ones(person.image.shape[:2], np.float32)
    if head:
        mask[:] = 0
        x, y = person.centre - [0, 0.12 * person.side]
        axes = (int(0.68 * person.side), int(0.85 * person.side))
        cv2.ellipse(mask, (int(x), int(y)), axes, 0, 0, 360, 1.0, -1)
        mask = cv2.GaussianBlur(mask, (0, 0), 0.03 * person.side)
    # Shrunk in the photo's own pixels first where the face becomes smaller, so that none aliases.
    scale = float(np.sqrt(abs(np.linalg.det(affine[:, :2]))))
    photo = person.image.astype(np.float32)
    if scale < 0.8:
        photo = cv2.GaussianBlur(photo, (0, 0), 0.4 / scale)
    photo = cv2.warpAffine(photo, affine, SIZE, flags=cv2.INTER_CUBIC)
    part = cv2.warpAffine(mask, affine, SIZE)[..., None]
    return canvas * (1 - part) + photo * part


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
    """A camera that is held badly: 6 px and 1.5 degrees in each frame, blurred by the motion."""
    rng = np.random.default_rng(1)
    poses = [
        (320 + dx, 240 + dy, 130.0, turn)
        for dx, dy, turn in rng.normal(0, (6, 6, 1.5), (120, 3)).tolist()
    ]
    room = background()
    before = poses[0]
    for pose in poses:
        # The shutter is open during the second half of the way here.
        way = [np.array(before) + (np.array(pose) - before) * part for part in (0.5, 0.75, 1.0)]
        shots = [paste(room, person, placed(person, *at)) for at in way]
        middle = placed(person, *way[1])
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
    reach = 0.35 * np.linalg.norm(points[45] - points[36])
    centres = (points[57], points[19])
    grid = np.stack(np.meshgrid(*(np.arange(n, dtype=np.float32) for n in SIZE)), axis=-1)

    def shift(at: Points, amount: float) -> Points:
        """How far what is at these places of the still frame has moved."""
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
    way = np.concatenate([np.zeros(15), np.linspace(0, 1, 30), np.ones(30), np.linspace(1, 0, 30)])
    return _one(person, [(380 + 350 * a, 240.0, 130.0, 0.0) for a in [*way, *np.zeros(15)]])


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
    # One field of noise, seen at another place in each frame: new noise would take most of the time.
    width, height = SIZE
    plenty = rng.standard_normal((height + 97, width + 89, 3), np.float32) * NOISE
    for frame in video:
        x, y = rng.integers(0, (90, 98))
        noise = plenty[y : y + height, x : x + width]
        yield Frame((frame.image + noise).clip(0, 255).round().astype(np.uint8), frame.faces)


def write(video: Video, path: Path, *, marked: bool = False) -> None:
    """Writes a video file, with the true landmarks drawn where it is `marked`."""
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), FPS, SIZE)
    for frame in video:
        image = frame.image.copy()
        for truth in frame.faces.values() if marked else ():
            for x, y in truth.landmarks.round().astype(int).tolist():
                cv2.circle(image, (x, y), 1, (0, 0, 255) if truth.hidden else (0, 255, 0), -1)
        writer.write(image)
    writer.release()


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.motion", description=__doc__)
    parser.add_argument("motions", nargs="*", help=f"of {', '.join(MOTIONS)}; all by default")
    parser.add_argument("--write", type=Path, required=True, metavar="FOLDER")
    parser.add_argument("--marked", action="store_true", help="draw the true landmarks")
    options = parser.parse_args()
    person = astronaut()
    options.write.mkdir(parents=True, exist_ok=True)
    for name in options.motions or MOTIONS:
        path = options.write / f"{name}.avi"
        write(noisy(MOTIONS[name](person, person.other())), path, marked=options.marked)
        print(path)


if __name__ == "__main__":
    main()
