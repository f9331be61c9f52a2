"""Errors of models on turned faces, by yaw: `python -m training.turned MODEL ... --data FOLDER`.

FOLDER holds photos with `.pts` files and an `index.csv` with the columns `name` and `yaw`, as
AFLW2000 in this form. Errors are in percent of the face, the square root of width times height of
its landmarks: of all landmarks, and without the far side, whose labels in three dimensions do not
lie on the visible outline.
"""

import argparse
import csv
import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lapland.base.files import write_text
from lapland.schemes.ibug68 import IBUG68
from training.common.command import as_program
from training.data import detected
from training.data.faces import AnnotatedFaces
from training.data.indices import INDEX, far_side
from training.data.readers import read_faces
from training.evaluation.predictions import landmark_errors, open_network, path_of_model

BINS = (0, 15, 30, 45, 60, 90)  # degrees of yaw to either side


def read_yaws(folder: Path) -> dict[str, float]:
    """The yaw of each face in a folder's index, degrees.

    Raises:
        ValueError: the index lacks the columns.
        FileNotFoundError: there is no index.
    """
    path = folder / INDEX
    with path.open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file)
        if not {"name", "yaw"} <= set(rows.fieldnames or ()):
            raise ValueError(f"{path}: expected the columns name and yaw")
        return {row["name"]: float(row["yaw"]) for row in rows}


def face_sides(landmarks: NDArray[np.floating]) -> NDArray[np.float64]:
    """(N, K, 2) -> (N,): the square root of width times height of the landmarks."""
    return np.asarray(np.sqrt(np.ptp(landmarks, axis=1).prod(axis=1)))  # (N, 2) extents -> (N,)


def rows_of(model: Path, faces: AnnotatedFaces, yaws: NDArray[np.float64]) -> list[dict[str, Any]]:
    """One row for each bin of yaw that has faces: "from", "to", "faces", "all" and "seen"."""
    run, spec, scheme = open_network(path_of_model(model))
    if scheme.size != IBUG68.size:
        raise ValueError(f"{model}: expected a model of {IBUG68.name}, found {scheme.name}")
    errors = landmark_errors(run, spec, faces, faces.five_points)["errors"]  # (N, K) percent
    seen = np.ones(errors.shape, bool)  # (N, K)
    for i, yaw in enumerate(yaws):
        seen[i, far_side(float(yaw))] = False
    mean = errors.mean(axis=1)  # (N,)
    # (N,): the mean without the far side.
    part = np.where(seen, errors, 0).sum(axis=1) / seen.sum(axis=1)
    rows = []
    for low, high in pairwise(BINS):
        # (N,): faces turned by 90 degrees or more have no bin.
        mine = (np.abs(yaws) >= low) & (np.abs(yaws) < high)
        if mine.any():
            figures = {"all": float(mean[mine].mean()), "seen": float(part[mine].mean())}
            rows.append({"from": low, "to": high, "faces": int(mine.sum()), **figures})
    return rows


def main(arguments: list[str] | None = None) -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m training.turned", description=__doc__)
    parser.add_argument("model", type=Path, nargs="+", help="file, folder or name of a shipped one")
    parser.add_argument("--data", type=Path, required=True, help="folder with an index of yaws")
    parser.add_argument("--names", type=Path, help="split file relative to the folder above DATA")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the figures here")
    options = parser.parse_args(arguments)
    try:
        yaws = read_yaws(options.data)
        if options.names:
            faces = read_faces(options.data.parent, IBUG68, options.names)
        else:
            faces = read_faces(options.data, IBUG68)
        # In place of the distance of the eyes, which shrinks with the yaw.
        faces.sizes = face_sides(faces.landmarks)
        detected.add_detected(faces)
        # (N,): the index has names without folders.
        found = np.array([yaws[name.split("/")[-1]] for name in faces.names])
        table = {str(model): rows_of(model, faces, found) for model in options.model}
    except KeyError as error:
        raise SystemExit(f"training.turned: {options.data / INDEX} lacks {error}") from None
    except (ValueError, OSError) as error:
        raise SystemExit(f"training.turned: {error}") from None
    print(f"{len(faces)} faces; MTCNN missed {int(faces.missed.sum())}, cropped from their labels")
    print("model, yaw, faces: error in % of the face, without the far side")
    for model, rows in table.items():
        for row in rows:
            print(
                f"{model}, {row['from']} to {row['to']}, {row['faces']}: "
                f"{row['all']:.2f}, {row['seen']:.2f}"
            )
    if options.json:
        write_text(options.json, json.dumps(table, indent=2) + "\n")


if __name__ == "__main__":
    as_program(main)
