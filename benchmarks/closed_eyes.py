"""The probability of closed eyes beside another network's lids: `python -m benchmarks.closed_eyes`.

`--photos` names folders of photos, `--mediapipe` a Python that has MediaPipe. An eye counts as
closed if the lids of MediaPipe's mesh are less than 0.145 of its width apart: by eye, that
distinguishes open from closed best. Reported are the eyes by their probability, how many of them
are closed, and how often a closed eye has a larger probability than an open one.
"""

import argparse
import itertools
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.common import results
from benchmarks.common.models import add_model, detector_of
from benchmarks.head_pose import run_mediapipe
from lapland import Detector, Faces
from lapland.schemes.normaliser import face_sides
from training.common.command import as_program

Floats = NDArray[np.float64]
CLOSED = 0.145
BANDS = (0.0, 0.02, 0.1, 0.3, 0.5, 0.7, 1.0)
FAR = 0.1  # of the side of the face: eyes of the mesh farther off are those of another face
# Vertices of the mesh: both corners of an eye, then points of the upper lid and those below them.
MESH = (
    (33, 133, (160, 159, 158, 157), (144, 145, 153, 154)),
    (362, 263, (384, 385, 386, 387), (381, 380, 374, 373)),
)
CORNERS = (36, 39), (42, 45)


def gaps_of(meshes: Floats) -> Floats:
    """(N, 478, 3) -> (N, 2): how far apart the lids of both eyes are, in widths of the eye."""
    found = []
    for first, last, upper, lower in MESH:
        width = np.linalg.norm(meshes[:, first] - meshes[:, last], axis=-1)
        lids = meshes[:, list(upper)] - meshes[:, list(lower)]
        found.append(np.linalg.norm(lids, axis=-1).mean(axis=1) / width)
    return np.stack(found, axis=-1)


def eyes_of(faces: Faces, mesh: Floats) -> list[tuple[float, float]]:
    """Probability and gap of each eye of the face that the mesh is of; none if there is none."""
    if not len(faces) or not np.isfinite(mesh[0, 0]):
        return []
    middles = np.stack([faces.landmarks[:, list(c)].mean(axis=1) for c in CORNERS], axis=1)
    others = np.stack([mesh[[first, last], :2].mean(axis=0) for first, last, *_ in MESH])
    off = np.linalg.norm(middles - others, axis=-1).max(axis=1) / face_sides(faces.landmarks)
    best = int(off.argmin())
    if off[best] > FAR:
        return []
    return list(zip(faces.eyes.closed[best].tolist(), gaps_of(mesh[None])[0].tolist(), strict=True))


def summary(eyes: list[tuple[float, float]]) -> dict[str, Any]:
    """Eyes by probability, and the area under the curve of closed against open ones."""
    found, gaps = np.array(eyes, np.float64).reshape(-1, 2).T
    closed = gaps < CLOSED
    bands = {}
    for low, high in itertools.pairwise(BANDS):
        inside = (found >= low) & ((found < high) | (high == BANDS[-1]))
        if inside.any():
            bands[f"{low}-{high}"] = {
                "eyes": int(inside.sum()),
                "closed": round(float(closed[inside].mean()), 3),
                "probability": round(float(found[inside].mean()), 3),
            }
    wins = found[closed][:, None] - found[~closed]
    area = (np.sign(wins).mean() + 1) / 2 if wins.size else np.nan
    return {
        "eyes": len(found),
        "closed": int(closed.sum()),
        "area": round(float(area), 3),
        "bands": bands,
    }


def measure(detector: Detector, paths: list[Path], python: Path) -> dict[str, Any]:
    """The summary of all photos."""
    meshes = run_mediapipe(python, paths)
    eyes: list[tuple[float, float]] = []
    for path, mesh in zip(paths, meshes, strict=True):
        eyes += eyes_of(detector.predict(path), mesh)
    return summary(eyes)


def main(arguments: list[str] | None = None) -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.closed_eyes", description=__doc__)
    parser.add_argument("--photos", type=Path, nargs="+", required=True, metavar="FOLDER")
    parser.add_argument("--mediapipe", type=Path, required=True, metavar="PYTHON")
    add_model(parser)
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the figures here")
    options = parser.parse_args(arguments)
    header, detector = results.header("closed_eyes"), detector_of(options, "photo", 1)
    paths = sorted(path for folder in options.photos for path in folder.rglob("*.jpg"))
    report = {"model": detector.model.name, **measure(detector, paths, options.mediapipe)}
    print(results.machine_line(header))
    print(f"{report['model']}: {report['eyes']} eyes, {report['closed']} closed, {report['area']}")
    print(f"{'probability':<14}{'eyes':>6}{'closed':>8}{'mean':>7}")
    for name, row in report["bands"].items():
        print(f"{name:<14}{row['eyes']:>6}{row['closed']:>8.2f}{row['probability']:>7.2f}")
    if options.json:
        results.write(options.json, header, report)


if __name__ == "__main__":
    as_program(main)
