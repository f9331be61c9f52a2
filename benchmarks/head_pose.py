"""Head pose beside others on the same faces: `python -m benchmarks.head_pose --data FOLDER`.

FOLDER holds photos named in `index.csv` with their yaw, pitch and roll in degrees (the signs are
those of `lapland`). `--names` restricts it to the faces of a split file. Compared are lapland,
OpenCV's solvePnP with the usual model of six points on lapland's landmarks, and MediaPipe's mesh if
`--mediapipe` names a Python that has it. MediaPipe's own matrix needs a file that is not in its
wheel, so a similarity fits the mesh to its mean over the photos of `--level`.

`--level FOLDER` names photos of people who look into the camera. The mean pitch of each method on
them is its zero; lapland's is built in, so its figure there shows its quality.

Without `--data` it measures times alone, on a photo of the repository.
"""

import argparse
import csv
import json
import subprocess
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.common import results
from benchmarks.common.models import add_model, detector_of
from lapland import Detector, Faces
from lapland.answers.rotations import angles_of
from lapland.image.loading import load_image
from training.common.command import as_program
from training.common.paths import REPOSITORY

Floats = NDArray[np.float64]
MESHES = Path(__file__).parent / "peers" / "meshes.py"
BANDS = ((0, 15), (15, 30), (30, 45), (45, 60), (60, 90))
ANGLES = ("yaw", "pitch", "roll")
PROBABILITIES = (0.5, 0.9)
ROUNDS = 15
REPEATS = 2000  # of a single pose
PHOTO = REPOSITORY / "examples" / "astronaut.png"
# The six points of the tutorials on head pose: tip of the nose, chin, outer corners of the eyes,
# corners of the mouth; in their own unit.
_SIX = (30, 8, 36, 45, 48, 54)
_SIX_POINTS = np.array(
    [
        [0, 0, 0],
        [0, -330, -65],
        [-225, 170, -135],
        [225, 170, -135],
        [-150, -150, -125],
        [150, -150, -125],
    ],
    np.float64,
)


@dataclass(frozen=True)
class Photos:
    """Faces of one folder: paths, images' shapes, and lapland's result for each."""

    paths: list[Path]
    shapes: list[tuple[int, ...]]
    faces: list[Faces]


def read_photos(paths: list[Path], detector: Detector) -> Photos:
    """The face nearest to the middle of each photo, if there is one."""
    kept, shapes, faces = [], [], []
    for path in paths:
        image = load_image(path)
        found = detector.predict(image)
        if len(found):
            middle = np.array(image.shape[1::-1]) / 2
            away = np.linalg.norm(found.landmarks.mean(axis=1) - middle, axis=1)
            kept.append(path)
            shapes.append(image.shape)
            faces.append(found[[int(away.argmin())]])
    return Photos(kept, shapes, faces)


def lapland_angles(photos: Photos) -> tuple[Floats, dict[float, Floats]]:
    """Angles and the half-widths of their intervals, (N, 3) each, degrees."""
    poses = [faces.pose() for faces in photos.faces]
    angles = np.concatenate([pose.angles for pose in poses]).astype(np.float64)
    widths = {p: np.concatenate([pose.radius(p) for pose in poses]) for p in PROBABILITIES}
    return angles, widths


def six_point_angles(photos: Photos) -> Floats:
    """(N, 3) by solvePnP, focal length the photo's width, optical axis through its middle."""
    rotations = []
    for shape, faces in zip(photos.shapes, photos.faces, strict=True):
        height, width = shape[:2]
        camera = np.array([[width, 0, width / 2], [0, width, height / 2], [0, 0, 1]], np.float64)
        points = faces.landmarks[0][list(_SIX)].astype(np.float64)
        _, vector, place = cv2.solvePnP(_SIX_POINTS, points, camera, None)
        rotation = cv2.Rodrigues(vector)[0]
        if place[2, 0] < 0:  # behind the camera, with the same picture
            rotation = np.diag([-1.0, -1.0, 1.0]) @ rotation
        rotations.append(np.diag([1.0, -1.0, -1.0]) @ rotation)
    return angles_of(np.array(rotations))


def mesh_angles(meshes: Floats, mean: Floats) -> Floats:
    """(N, 3) from the similarity of each mesh to the mean one; NaN if there is no mesh."""
    angles = np.full((len(meshes), 3), np.nan)
    there = np.isfinite(meshes[:, 0, 0])
    axes = np.array([1.0, -1.0, -1.0])  # y up, z to the viewer
    goal = (mean - mean.mean(axis=0)) * axes
    around = (meshes[there] - meshes[there].mean(axis=1, keepdims=True)) * axes
    u, _, v = np.linalg.svd(around.transpose(0, 2, 1) @ goal)
    turned = np.linalg.det(u @ v)
    u[..., -1] *= np.sign(turned)[:, None]
    angles[there] = angles_of(u @ v)
    return angles


def mean_mesh(meshes: Floats) -> Floats:
    """Mean of meshes of faces that look into the camera, each centred and of the same size."""
    found = meshes[np.isfinite(meshes[:, 0, 0])]
    found = found - found.mean(axis=1, keepdims=True)
    mean: Floats = (found / found.std(axis=(1, 2), keepdims=True)).mean(axis=0)
    return mean


def run_mediapipe(python: Path, paths: list[Path]) -> Floats:
    """The meshes of photos, from another Python."""
    with tempfile.TemporaryDirectory() as folder:
        listed, out = Path(folder) / "photos.txt", Path(folder) / "meshes.npy"
        listed.write_text("\n".join(map(str, paths)), encoding="utf-8")
        command = [str(python), str(MESHES), str(listed), str(out)]
        subprocess.run(command, check=True, capture_output=True)
        return np.load(out).astype(np.float64)


def figures(angles: Floats, truth: Floats) -> dict[str, Any]:
    """Mean absolute errors in degrees by true yaw, and how many faces had no answer."""
    there = np.isfinite(angles[:, 0])
    errors = np.abs((angles - truth + 180) % 360 - 180)
    turned = np.abs(truth[:, 0])
    rows = {}
    for low, high in ((0, 60), *BANDS):
        inside = there & (turned >= low) & (turned < high)
        means = errors[inside].mean(axis=0).round(2).tolist() if inside.any() else [None] * 3
        rows[f"{low}-{high}"] = {
            "faces": int(inside.sum()),
            **dict(zip(ANGLES, means, strict=True)),
        }
    return {"without": int((~there).sum()), "errors": rows}


def coverage(angles: Floats, widths: dict[float, Floats], truth: Floats) -> dict[str, Any]:
    """Shares of true angles within the intervals: below 60 degrees of true yaw, and by band."""
    errors = np.abs((angles - truth + 180) % 360 - 180)
    turned, found = np.abs(truth[:, 0]), np.abs(angles[:, 0])
    rows: dict[str, Any] = {}
    for name, inside in (
        ("all", turned >= 0),
        ("true yaw below 60", turned < 60),
        *((f"found yaw {a}-{b}", (found >= a) & (found < b)) for a, b in BANDS),
    ):
        if inside.sum() >= 10:
            shares = {
                str(p): (errors <= w)[inside].mean(axis=0).round(3).tolist()
                for p, w in widths.items()
            }
            width = float(np.median(widths[0.9][inside, 0]))
            rows[name] = {"faces": int(inside.sum()), "yaw 90 %": round(width, 1), **shares}
    return rows


def seconds_of(call: Callable[[], object], rounds: int = ROUNDS) -> list[float]:
    """The processor time of each of some calls."""
    times = []
    for _ in range(rounds):
        start = time.process_time()
        call()
        times.append(time.process_time() - start)
    return times


def measure(
    data: Path, names: list[str], level: list[Path], python: Path | None, detector: Detector
) -> dict[str, Any]:
    """Errors of each method, and lapland's coverage."""
    with (data / "index.csv").open(encoding="utf-8") as file:
        index = {row["name"]: [float(row[a]) for a in ANGLES] for row in csv.DictReader(file)}
    names = [name for name in names or sorted(index) if name in index]
    photos = read_photos([data / f"{name}.jpg" for name in names], detector)
    straight = read_photos(level, detector)
    truth = np.array([index[path.stem] for path in photos.paths])
    angles, widths = lapland_angles(photos)
    flat, _ = lapland_angles(straight)
    report: dict[str, Any] = {
        "faces": len(photos.paths),
        "not found": len(names) - len(photos.paths),
        "level": {"lapland": _spread(flat)},
        "lapland": figures(angles, truth),
        "coverage": coverage(angles, widths, truth),
    }
    six, six_flat = six_point_angles(photos), six_point_angles(straight)
    report["solvePnP, six points"] = figures(six - _zero(six_flat), truth)
    report["level"]["solvePnP, six points"] = _spread(six_flat)
    if python is not None:
        mean = mean_mesh(flat_meshes := run_mediapipe(python, straight.paths))
        mesh = mesh_angles(run_mediapipe(python, photos.paths), mean)
        report["MediaPipe's mesh"] = figures(mesh, truth)
        report["level"]["MediaPipe's mesh"] = _spread(mesh_angles(flat_meshes, mean))
    return report


def _zero(flat: Floats) -> Floats:
    """Pitch of people who look into the camera; yaw and roll have their zero from symmetry."""
    return np.array([0.0, float(np.nanmean(flat[:, 1])), 0.0])


def _spread(flat: Floats) -> dict[str, list[float]]:
    return {
        "mean": np.nanmean(flat, axis=0).round(2).tolist(),
        "deviation": np.nanstd(flat, axis=0).round(2).tolist(),
    }


def pose_times(faces: Faces, repeats: int) -> dict[str, dict[str, float]]:
    """Milliseconds of a pose with its radii, of a single face and of each of 256.

    Faces keep their poses, so each call asks faces that nobody asked before.
    """
    faces.pose()
    one = seconds_of(_asked_once(faces, 1, repeats), repeats)
    many = np.array(seconds_of(_asked_once(faces, 256, ROUNDS))) / 256
    rows = {"single pose": np.array(one), "each of 256": many}
    return {
        name: {
            "min": round(1e3 * float(times.min()), 4),
            "median": round(1e3 * float(np.median(times)), 4),
            "repeats": len(times),
        }
        for name, times in rows.items()
    }


def _asked_once(faces: Faces, count: int, calls: int) -> Callable[[], object]:
    """A call that asks other copies of the first face for their poses each time."""
    fresh = iter([faces[np.zeros(count, np.intp)] for _ in range(calls)])
    if count == 1:
        return lambda: next(fresh)[0].pose()
    return lambda: next(fresh).pose()


def main(arguments: list[str] | None = None) -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.head_pose", description=__doc__)
    parser.add_argument("--data", type=Path, help="photos with known angles")
    parser.add_argument("--names", type=Path, help="split file: names, one a line")
    parser.add_argument("--level", type=Path, help="photos of level faces, for --data")
    parser.add_argument("--mediapipe", type=Path, metavar="PYTHON")
    add_model(parser)
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the figures here")
    options = parser.parse_args(arguments)
    if (options.data is None) != (options.level is None):
        parser.error("expected --data and --level together")
    header, detector = results.header("head_pose"), detector_of(options, "photo", 1)
    report: dict[str, Any] = {"model": detector.model.name}
    report["ms"] = pose_times(detector.predict(PHOTO), REPEATS)
    if options.data is not None:
        names = options.names.read_text(encoding="utf-8").split() if options.names else []
        names = [name.rpartition("/")[2] for name in names]
        level = sorted(options.level.glob("*.jpg"))
        report |= measure(options.data, names, level, options.mediapipe, detector)
    print(results.machine_line(header))
    print(json.dumps(report, indent=1))
    if options.json:
        results.write(options.json, header, report)


if __name__ == "__main__":
    as_program(main)
