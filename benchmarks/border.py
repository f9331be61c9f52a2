"""Faces cut by the border of the photo: `python -m benchmarks.border --data 300w`.

Each face is cut at each of its sides, so that a part of its landmarks lies beyond the border. It is
counted how many landmarks lie within their radii: of those inside, of those beyond, and of the same
faces whole. Faces that are not found are counted, too.
"""

import argparse
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmarks.common import results
from benchmarks.common.models import add_model, detector_of
from lapland import IBUG68, Detector, Face
from lapland.schemes.normaliser import normalisers
from lapland.uncertainty.estimate import BAD
from training.common.command import as_program
from training.evaluation.border import SHARES, SIDES, Cut, cut, outside

PROBABILITIES = (0.5, 0.9)

Points = NDArray[np.float64]


class Row(NamedTuple):
    """Landmarks of one face: off by so many pixels, radii (P, K), beyond the border or not."""

    errors: Points
    radii: Points
    outside: NDArray[np.bool_]
    confidence: float
    good: bool


def measured(detector: Detector, photo: Cut) -> Row | None:
    """The face that is nearest to the true one; None if none is near."""
    truth, found = photo.landmarks, detector.predict(photo.image)
    size = float(normalisers(truth[None], IBUG68)[0])
    errors = np.linalg.norm(found.landmarks - truth, axis=2)
    if not len(found) or errors.mean(axis=1).min() > size:
        return None
    best = int(errors.mean(axis=1).argmin())
    face: Face = found[best]
    height, width = photo.image.shape[:2]
    return Row(
        errors[best],
        np.array([face.radius(p) for p in PROBABILITIES]),
        outside(truth, (width, height)),
        face.confidence,
        bool(errors[best].mean() < BAD * size),
    )


def summary(rows: list[Row]) -> dict[str, float]:
    """Percentages of landmarks within their radii, and of good faces."""
    errors = np.concatenate([row.errors for row in rows])
    radii = np.concatenate([row.radii for row in rows], axis=1)
    outside = np.concatenate([row.outside for row in rows])
    report: dict[str, float] = {"faces": len(rows), "outside": float(100 * outside.mean())}
    for name, which in (("inside", ~outside), ("beyond", outside)):
        for p, row in zip(PROBABILITIES, radii, strict=True):
            within = (errors <= row)[which]
            report[f"{name}_{100 * p:.0f}"] = float(100 * within.mean()) if len(within) else np.nan
    report["confidence"] = float(100 * np.mean([row.confidence for row in rows]))
    report["good"] = float(100 * np.mean([row.good for row in rows]))
    return report


def main() -> None:
    """The command line."""
    from tqdm import tqdm

    from training.data.readers import read_faces

    parser = argparse.ArgumentParser(prog="python -m benchmarks.border", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder in the layout of 300-W")
    parser.add_argument(
        "--split", type=Path, help="its split file (default: all that is annotated)"
    )
    parser.add_argument("--faces", type=int, default=100)
    add_model(parser)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the figures here")
    options = parser.parse_args()
    header = results.header("border")
    faces = read_faces(options.data, IBUG68, options.split)
    every = range(0, len(faces.names), max(1, len(faces.names) // options.faces))
    detector = detector_of(options, "photo", options.threads)
    rows: dict[str, list[Row | None]] = {side: [] for side in SIDES}
    for number, i in enumerate(tqdm(every, unit="face", mininterval=2.0)):
        for at, side in enumerate(SIDES):
            share = SHARES[(number + at) % len(SHARES)]
            photo = cut(faces.images[i], faces.landmarks[i], side, share)
            rows[side].append(measured(detector, photo))
    found = {side: [row for row in rows[side] if row is not None] for side in SIDES}
    found["cut"] = [row for side in SIDES[1:] for row in found[side]]
    figures = {side: summary(some) for side, some in found.items() if some}
    print(f"{results.machine_line(header)}; {len(every)} faces, {options.width}")
    print(
        f"{'within, %':<10}{'found':>7}{'inside 50':>11}{'90':>6}{'beyond 50':>11}{'90':>6}"
        f"{'confidence':>12}{'good':>7}"
    )
    for side, row in figures.items():
        print(
            f"{side:<10}{row['faces']:>7.0f}{row['inside_50']:>11.1f}{row['inside_90']:>6.1f}"
            f"{row['beyond_50']:>11.1f}{row['beyond_90']:>6.1f}"
            f"{row['confidence']:>12.1f}{row['good']:>7.1f}"
        )
    if options.json:
        results.write(options.json, header, {"faces": len(every), "figures": figures})


if __name__ == "__main__":
    as_program(main)
