"""Faces drawn by code, in the two layouts of data, for tests that need annotated photos."""

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from lapland.schemes.ibug68 import IBUG68

SIDE = 200


def mean_shape() -> NDArray[np.float64]:
    """(68, 2) landmarks of a schematic upright face, about the origin, some 2 units high."""
    t = np.linspace(0, np.pi, 17)
    jaw = np.stack([-0.95 * np.cos(t), 1.25 * np.sin(t) - 0.15], 1)
    brow = np.stack([np.linspace(-0.7, -0.2, 5), -0.55 - 0.1 * np.sin(np.linspace(0, np.pi, 5))], 1)
    bridge = np.stack([np.zeros(4), np.linspace(-0.35, 0.15, 4)], 1)
    nostrils = np.stack([np.linspace(-0.18, 0.18, 5), [0.28, 0.31, 0.33, 0.31, 0.28]], 1)
    turn = np.pi - np.arange(6) * np.pi / 3
    eye = np.stack([-0.45 + 0.17 * np.cos(turn), -0.3 - 0.07 * np.sin(turn)], 1)
    turn = np.pi - np.arange(12) * np.pi / 6
    outer = np.stack([0.38 * np.cos(turn), 0.62 - 0.17 * np.sin(turn)], 1)
    turn = np.pi - np.arange(8) * np.pi / 4
    inner = np.stack([0.3 * np.cos(turn), 0.62 - 0.07 * np.sin(turn)], 1)
    shape = np.zeros((68, 2))
    for ids, points in (
        (range(17), jaw),
        (range(17, 22), brow),
        (range(27, 31), bridge),
        (range(31, 36), nostrils),
        (range(36, 42), eye),
        (range(48, 60), outer),
        (range(60, 68), inner),
    ):
        shape[list(ids)] = points
    mirror = list(IBUG68.mirror)
    for ids in (range(22, 27), range(42, 48)):
        shape[list(ids)] = shape[[mirror[i] for i in ids]] * [-1, 1]
    return shape


def draw_face(rng: np.random.Generator) -> tuple[NDArray[np.uint8], NDArray[np.float64]]:
    """A (200, 200, 3) picture of a face in a random place, size and roll, and its landmarks."""
    angle, size = rng.uniform(-0.3, 0.3), rng.uniform(38, 48)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    landmarks = mean_shape() @ turn.T * size + SIDE / 2 + rng.uniform(-8, 8, 2)
    image = np.full((SIDE, SIDE, 3), rng.integers(0, 90, 3), np.uint8)
    skin = rng.integers(140, 220, 3).tolist()
    hull = cv2.convexHull(landmarks.astype(np.float32)).astype(np.int32)
    cv2.fillConvexPoly(image, hull, skin, cv2.LINE_AA)
    for indices, closed in IBUG68.contours[1:]:
        line = (landmarks[list(indices)] * 16).round().astype(np.int32)
        cv2.polylines(image, [line], closed, (30, 30, 60), 2, cv2.LINE_AA, 4)
    return image, landmarks


def write_folder(root: Path, count: int, seed: int = 0) -> Path:
    """Writes `count` drawn faces below `root/drawn`, and split files: the last quarter is `val`."""
    rng = np.random.default_rng(seed)
    (root / "drawn").mkdir(parents=True)
    (root / "splits").mkdir()
    names = []
    for i in range(count):
        image, landmarks = draw_face(rng)
        names.append(f"drawn/face_{i}")
        cv2.imwrite(str(root / f"{names[-1]}.png"), image)
        rows = "".join(f"{x + 1:.3f} {y + 1:.3f}\n" for x, y in landmarks)
        text = f"version: 1\nn_points: 68\n{{\n{rows}}}\n"
        (root / f"{names[-1]}.pts").write_text(text)
    kept = count - max(1, count // 4)
    (root / "splits/train.txt").write_text("\n".join(names[:kept]) + "\n")
    (root / "splits/val.txt").write_text("\n".join(names[kept:]) + "\n")
    return root


def to_aflw19(landmarks: NDArray[np.float64]) -> NDArray[np.float64]:
    """(68, 2) landmarks of iBUG -> (19, 2) of AFLW."""
    groups = [
        *([i] for i in (17, 19, 21, 22, 24, 26)),  # brows
        *([36], range(36, 42), [39], [42], range(42, 48), [45]),  # eyes
        *([31], [30], [35]),  # nose
        *([48], range(60, 68), [54]),  # mouth
        [8],  # chin
    ]
    return np.stack([landmarks[list(group)].mean(axis=0) for group in groups])


def write_list(root: Path, count: int, seed: int = 0) -> Path:
    """Writes drawn faces, two in a photo, as AFLW's 19 points are passed on, with split lists.

    Of every second face seven landmarks, those of its right side, are not visible. The last
    quarter of the faces, at least one, is `val`.
    """
    rng = np.random.default_rng(seed)
    for part in ("images/0", "annotation/0", "splits"):
        (root / part).mkdir(parents=True)
    rows, drawn = [], []
    for i in range(count):
        image, landmarks = draw_face(rng)
        drawn.append(image)
        photo = f"images/0/image{i // 2:05}.png"
        if i % 2 == 1 or i == count - 1:
            cv2.imwrite(str(root / photo), np.hstack(drawn))
            drawn = []
        points = to_aflw19(landmarks) + np.array([SIDE * (i % 2) + 1, 1])
        hidden = {3, 4, 5, 9, 10, 11, 17} if i % 2 else set()
        annotation = f"annotation/0/image{i // 2:05}-{i}.pts"
        (root / annotation).write_text(
            "".join(
                f"{k + 1:02d} {x:.2f} {y:.2f} True\n"
                for k, (x, y) in enumerate(points)
                if k not in hidden
            )
        )
        box = [*points.min(axis=0), *points.max(axis=0)]
        size = float(np.sqrt((box[2] - box[0]) * (box[3] - box[1])))
        rows.append(f"{photo} {annotation} {' '.join(f'{v:.2f}' for v in box)} {size}\n")
    kept = count - max(1, count // 4)
    (root / "splits/train.txt").write_text("".join(rows[:kept]))
    (root / "splits/val.txt").write_text("".join(rows[kept:]))
    return root
