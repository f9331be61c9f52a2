"""Chooses the constants of the head pose on open faces: `python -m training.pose FOLDER ...`.

FOLDER holds labelled faces whose terms are open (`docs/open-weights.md`), `--copies` the turned
copies that `python -m training.turn` made of some of them, by the same `--yaw`, `--pitch` and
`--seed`, so that the angles are known. The landmarks of `--model`, a network that was trained on
other open faces, give their poses. Printed are

- for pairs of how loosely a landmark is tied to the head, the mean error of yaw, pitch and roll;
- by yaw, these errors and the share of the true angles within the 90 % intervals;
- the mean pitch of the people of `--level`, who look into a camera at the height of their eyes, by
  their own labels and by the network.

`lapland/answers/{pose,pose_fit}.py` and `export/head.py` hold the constants.
"""

import argparse
import itertools
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from lapland import Detector
from lapland.answers.head import load_head
from lapland.answers.pose import head_poses
from lapland.answers.pose_fit import PoseFit
from lapland.answers.rotations import angles_of, rotations_of
from training.common.command import as_program
from training.data.pts import read_pts
from training.heads.fitting import fit_head
from training.heads.head import Head, read_head
from training.turn import Angles, generator

Floats = NDArray[np.float64]
JAWS, OTHERS = (0.5, 1.0, 1.5), (0.2, 0.4, 0.8, 1.2)  # cm
FRONTAL = 12.0  # degrees; the turn of other faces is not known well enough
BANDS = ((0, 90), (0, 15), (15, 30), (30, 45), (45, 75))  # degrees of yaw, all faces first


@dataclass(frozen=True)
class Faces:
    """N turned faces.

    Attributes:
        landmarks: (N, 68, 2) of the network, image pixels.
        deviations: (N, 68) pixels, of each coordinate.
        angles: (N, 3) true yaw, pitch and roll, degrees, of the axes of the labels' head.
    """

    landmarks: Floats
    deviations: Floats
    angles: Floats


def turned_faces(
    head: Head, folder: Path, copies: Path, drawn: Angles, seed: int, detector: Detector
) -> Faces:
    """The network's landmarks of the copies that `training.turn` made of the faces of a folder."""
    rows = []
    for path in sorted(copies.rglob("*.jpg")):
        name = path.relative_to(copies).with_suffix("").as_posix()
        # Of the original: the copy was turned from there.
        fit = fit_head(head, read_pts(folder / f"{name}.pts"))
        found = detector.predict(path)
        if abs(fit.yaw) <= FRONTAL and len(found):
            # The same draws as those of `training.turn`.
            yaw, pitch = drawn.drawn(fit, generator(seed, name))
            # Half of a normal distribution in the plane lies within sqrt(2 log 2) deviations.
            deviation = found.radius(0.5)[0] / np.sqrt(2 * np.log(2))  # (68,) pixels
            # Copies turn about the axes of the head: about its own vertical one, then upwards.
            turns = rotations_of(np.array([[yaw, 0.0, 0.0], [0.0, pitch, 0.0]]))
            true = angles_of((fit.rotation @ turns[0] @ turns[1])[None])[0]  # (3,)
            rows.append((found.landmarks[0], deviation, true))
    landmarks, deviations, angles = (np.array(c, np.float64) for c in zip(*rows, strict=True))
    return Faces(landmarks, deviations, angles)


def angles_with(faces: Faces, looseness: tuple[float, float]) -> Floats:
    """(N, 3) angles, degrees, for a looseness of jaw and others in centimetres."""
    placed = PoseFit(load_head(), looseness=looseness).run(faces.landmarks, faces.deviations)
    return angles_of(np.array([face.rotation for face in placed]))


def coverage(faces: Faces) -> list[str]:
    """Lines of a table: by true yaw, shares of yaw, pitch and roll in their 90 % intervals."""
    poses = head_poses(faces.landmarks, faces.deviations)
    errors = np.abs(_centred(poses.angles - faces.angles))  # (N, 3) degrees
    within = errors <= poses.radius(0.9)  # (N, 3)
    lines = []
    for low, high in BANDS:
        inside = (np.abs(faces.angles[:, 0]) >= low) & (np.abs(faces.angles[:, 0]) < high)
        if inside.any():
            means = " ".join(f"{v:.1f}" for v in errors[inside].mean(axis=0))
            shares = " ".join(f"{v:.2f}" for v in within[inside].mean(axis=0))
            lines.append(f"yaw {low}-{high}: {inside.sum()} faces, errors {means}, within {shares}")
    return lines


def _centred(errors: Floats) -> Floats:
    """Without the median of pitch: the two heads have their zero at another place."""
    # Not the mean: a few wrong poses would move it.
    centred: Floats = errors - [0.0, float(np.median(errors[:, 1])), 0.0]
    return centred


def main(arguments: list[str] | None = None) -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m training.pose", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--copies", type=Path, required=True, help="their turned copies")
    parser.add_argument("--yaw", type=float, nargs=2, default=(20.0, 60.0), help="of the copies")
    parser.add_argument("--pitch", type=float, default=15.0, help="of the copies")
    parser.add_argument("--seed", type=int, default=0, help="of the copies")
    parser.add_argument("--head", type=Path, required=True, help="ict.npz")
    parser.add_argument("--model", type=Path, required=True, help="ONNX file of an open network")
    parser.add_argument("--level", type=Path, required=True, help="photos with .pts of level faces")
    options = parser.parse_args(arguments)
    cv2.setNumThreads(1)
    detector = Detector(model=options.model, threads=1)
    head = read_head(options.head)
    drawn = Angles(*options.yaw, options.pitch)
    faces = turned_faces(head, options.folder, options.copies, drawn, options.seed, detector)
    print(f"{len(faces.angles)} turned faces; mean error of yaw, pitch, roll, degrees")
    # Pairs of looseness first, then what the chosen ones hold, then the zero of pitch.
    for pair in itertools.product(JAWS, OTHERS):
        errors = np.abs(_centred(angles_with(faces, pair) - faces.angles)).mean(axis=0)
        print(f"jaw {pair[0]}, others {pair[1]} cm: " + " ".join(f"{v:.2f}" for v in errors))
    print("\n".join(coverage(faces)))
    own, seen = level(options.level, detector)
    print(f"pitch of level faces: {own.mean():.2f} by their labels, {seen.mean():.2f} seen")
    print(f"deviation of pitch {seen.std():.2f}")


def level(folder: Path, detector: Detector) -> tuple[Floats, Floats]:
    """Pitch of the people of a folder, degrees, by their labels and by the network."""
    own, seen = [], []
    for path in sorted(folder.glob("*.jpg")):
        points = read_pts(path.with_suffix(".pts"))
        side = np.ptp(points, axis=0).max()
        # Labels have no radii: 1 % of the face stands for them.
        own.append(head_poses(points[None], np.full((1, 68), 0.01 * side)).pitch[0])
        found = detector.predict(path)
        if len(found):
            seen.append(found[:1].pose().pitch[0])
    return np.array(own, np.float64), np.array(seen, np.float64)


if __name__ == "__main__":
    as_program(main)
