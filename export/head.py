"""The 3D head of the package: `python -m export.head ict.npz` writes `answers/head.npz`.

The source is ICT-FaceKit's head (USC Institute for Creative Technologies, MIT licence), reduced to
its skin: mean, 60 identity modes and 53 expression modes. The 68 landmarks of 300-W are vertices of
it, but for the jaw: photos show the outline of the cheek there, which slides over the skin as the
head turns. So for each yaw, each jaw landmark is the outermost vertex among those at its height.

Modes are the principal components of the effect of identity (coefficients of deviation 1) and
expression (deviation `EXPRESSION`) on the 68 points, made symmetric, the largest `MODES` of them.
"""

import argparse
import io
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from lapland.base.files import write_whole
from lapland.schemes.ibug68 import IBUG68
from training.common.command import as_program
from training.common.paths import REPOSITORY

Floats = NDArray[np.float64]
OUT = REPOSITORY / "sdk" / "lapland" / "answers" / "head.npz"
YAWS = np.arange(-90.0, 91.0, 10.0)
MODES = 8  # more change no figure of `benchmarks.head_pose`
EXPRESSION = 0.15  # deviation of an expression's strength, 0 to 1
SMALL_EXPRESSION = 0.08  # mean strength: photos show few faces that are quite at rest
# Degrees that the mean head is turned up, so that pitch is 0 in the mean of 102 persons who
# look into a camera at the height of their eyes (London set; landmarks of a network that was
# trained on open faces alone, by `python -m training.pose`).
LEVEL = 2.7
OPEN = 0.3  # how far the mouth is open for the triangles, so that its two lips lie apart
UNIT = 0.0005  # cm per step of the stored whole numbers
_JAW, _CHIN = 17, 8


def main(arguments: list[str] | None = None) -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m export.head", description=__doc__)
    parser.add_argument("head", type=Path, help="ict.npz: mean, modes and vertices of landmarks")
    parser.add_argument("--out", type=Path, default=OUT)
    options = parser.parse_args(arguments)
    with np.load(options.head, allow_pickle=False) as stored:
        arrays = build({name: stored[name] for name in stored.files})
    file = io.BytesIO()
    np.savez_compressed(file, **arrays)
    write_whole(options.out, file.getvalue())
    print(f"{options.out}: {len(YAWS)} yaws, {MODES} modes, {len(file.getvalue()) / 1e3:.0f} kB")


def build(source: dict[str, NDArray[np.generic]]) -> dict[str, NDArray[np.generic]]:
    """The arrays of `head.npz` from those of the reduced ICT head."""
    mean = source["mean"].astype(np.float64)
    identity = source["identity"] * source["identity_scale"][:, None, None].astype(np.float64)
    expression = source["expression"] * source["expression_scale"][:, None, None].astype(np.float64)
    marks = source["landmarks"].astype(np.intp)
    seen = _seen_at(mean, marks)  # (Y, 68) vertices
    points = _symmetric(mean[seen] + SMALL_EXPRESSION * expression[:, seen].sum(axis=0))
    differences = np.concatenate([identity[:, seen], EXPRESSION * expression[:, seen]])
    differences = np.concatenate([differences, _mirrored(differences)]) / np.sqrt(2)
    modes, spreads = _components(differences)
    middle = len(YAWS) // 2
    points = points - points[middle, _JAW:].mean(axis=0)
    up = _turned_up(np.deg2rad(LEVEL))
    return {
        "yaws": YAWS,
        "unit": np.float64(UNIT),
        "points": np.rint(up @ points.transpose(0, 2, 1) / UNIT).astype(np.int16),
        "modes": np.rint(np.einsum("ij,mykj->yimk", up, modes) / UNIT).astype(np.int16),
        "spreads": spreads.round(4),
        "triangles": _triangles(mean[marks] + OPEN * expression[_jaw_open(source)][marks]),
    }


def _jaw_open(source: dict[str, NDArray[np.generic]]) -> int:
    return source["expressions"].tolist().index("jawOpen")


def _triangles(points: Floats) -> NDArray[np.uint8]:
    """(T, 3) Delaunay's triangles of the front view, counter-clockwise as seen in a picture."""
    flat = points[:, :2] * [1000, -1000]
    flat = (flat - flat.min(axis=0) + 1).astype(np.float32)
    width, height = (int(v) + 2 for v in flat.max(axis=0))
    plane = cv2.Subdiv2D((0, 0, width, height))
    plane.insert(flat.tolist())
    corners = plane.getTriangleList().reshape(-1, 3, 2)
    inside = ((corners >= 0) & (corners < (width, height))).all(axis=(1, 2))
    away = np.linalg.norm(corners[inside][:, :, None] - flat, axis=-1)  # (T, 3, 68)
    rows = away.argmin(axis=-1)
    side = flat[rows]
    first, second = side[:, 1] - side[:, 0], side[:, 2] - side[:, 0]
    clockwise = first[:, 0] * second[:, 1] - first[:, 1] * second[:, 0] > 0  # y is down
    rows[clockwise] = rows[clockwise][:, ::-1]
    return np.array(sorted(map(tuple, rows.tolist())), np.uint8)


def _seen_at(mean: Floats, marks: NDArray[np.intp]) -> NDArray[np.intp]:
    """(Y, 68) the vertex that each landmark is at each yaw."""
    rows = []
    for yaw in np.deg2rad(YAWS):
        across = mean[:, 0] * np.cos(yaw) + mean[:, 2] * np.sin(yaw)  # x in the picture
        row = marks.copy()
        for k in range(_JAW):
            if k != _CHIN:
                slice_ = _slice_of_jaw(mean, mean[marks[k]], np.sign(k - _CHIN), marks[k])
                row[k] = slice_[(across[slice_] * np.sign(k - _CHIN)).argmax()]
        rows.append(row)
    return np.array(rows)


def _slice_of_jaw(mean: Floats, point: Floats, side: float, mark: int) -> NDArray[np.intp]:
    """Skin at the height of a jaw landmark, from it forward, without nose and mouth."""
    level = np.abs(mean[:, 1] - point[1]) < 0.35
    forward = mean[:, 2] > point[2] - 0.3
    outside = mean[:, 0] * side > (1.9 if point[1] > -2 else 0.8)
    return np.concatenate([[mark], np.flatnonzero(level & forward & outside)]).astype(np.intp)


def _mirrored(shapes: Floats) -> Floats:
    """Shapes (..., Y, 68, 3) of the heads seen in a mirror."""
    mirrored: Floats = shapes[..., ::-1, list(IBUG68.mirror), :] * [-1, 1, 1]
    return mirrored


def _symmetric(shapes: Floats) -> Floats:
    return (shapes + _mirrored(shapes)) / 2


def _components(differences: Floats) -> tuple[Floats, Floats]:
    """(D, Y, 68, 3) -> the `MODES` largest components at all yaws, and the residuals, (68,)."""
    frontal = differences[:, len(YAWS) // 2]
    mixtures = np.linalg.svd(frontal.reshape(len(differences), -1), full_matrices=False)[0]
    modes = np.tensordot(mixtures[:, :MODES].T, differences, 1)
    rest = np.tensordot(mixtures[:, MODES:].T, frontal, 1)
    return modes, np.sqrt((rest**2).sum(axis=0).mean(axis=-1))


def _turned_up(angle: float) -> Floats:
    """Rotation about x that lifts the nose, for y up and z to the viewer."""
    c, s = np.cos(angle), np.sin(angle)
    return np.array([[1, 0, 0], [0, c, s], [0, -s, c]])


if __name__ == "__main__":
    as_program(main)
