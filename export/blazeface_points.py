"""The five points of MTCNN as weighted means of BlazeFace's six, and the place of its box.

    python -m export.blazeface_points FOLDER [FOLDER ...]

fits both on photos of faces that both detectors see, and prints them as they stand in
`lapland.detection.blazeface`. Give it open photos alone: the default detector then depends on no
others. Each photo counts twice, once with a wide border, so that faces have two sizes, and each
face counts mirrored as well, so that the map is symmetric.
"""

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from lapland.crop.halves import Halves
from lapland.detection.blazeface import BlazeFace
from lapland.detection.registry import load_detector
from lapland.networks.loading import load_blazeface
from training.common.command import as_program

Points = NDArray[np.float64]

SCORES = 0.7, 0.95  # least of BlazeFace and of MTCNN
SAME = 0.5  # largest distance of the middles of one face, in distances of its eyes
MIRRORED_SIX, MIRRORED_FIVE = [1, 0, 2, 3, 5, 4], [1, 0, 2, 4, 3]
# The map that the fit is drawn to: each point is its own, and a corner of the mouth lies beside its
# middle. How much the six points vary by themselves is little, so that many maps fit alike.
FIRST = np.array(
    [
        [1, 0, 0, 0, 0, 0],
        [0, 1, 0, 0, 0, 0],
        [0, 0, 1, 0, 0, 0],
        [0.4, -0.4, 0, 1, 0, 0],
        [-0.4, 0.4, 0, 1, 0, 0],
    ]
)
_RIDGE, _ROUNDS, _LEAST = 3.0, 15, 0.03


def pairs(folders: Sequence[Path]) -> Iterator[tuple[Points, Points, Points, Points]]:
    """Six points, five points, and both boxes of each face that both detectors see."""
    blazeface = BlazeFace(load_blazeface(), threshold=SCORES[0], threads=1)
    mtcnn = load_detector("mtcnn", threads=1)
    files = sorted(f for folder in folders for f in folder.rglob("*.jpg"))
    for file in files:
        photo = cv2.imread(str(file))
        border = max(photo.shape[:2]) // 4
        wide = cv2.copyMakeBorder(photo, *[border] * 4, cv2.BORDER_REPLICATE)
        for image in (photo, wide):
            seen, found = blazeface.raw(Halves(image)), mtcnn.detect(image)
            for values in seen:
                for box, score, five in zip(*found, strict=True):
                    eyes = np.linalg.norm(five[0] - five[1])
                    off = np.linalg.norm(values[2:6].mean(axis=0) - five.mean(axis=0))
                    if score > SCORES[1] and off < SAME * eyes:
                        yield values[2:], five.astype(np.float64), values[:2], box.reshape(2, 2)


def fitted(six: Points, five: Points) -> Points:
    """(N, 6, 2) and (N, 5, 2) -> (5, 6) weights, rows of sum 1, by robust ridge regression."""
    unit = np.linalg.norm(five[:, :1] - five[:, 1:2], axis=2, keepdims=True)
    middle = six.mean(axis=1, keepdims=True)
    x, y = (six - middle) / unit, (five - middle) / unit
    flip = np.array([-1.0, 1.0])
    x = np.concatenate([x, x[:, MIRRORED_SIX] * flip])
    y = np.concatenate([y, y[:, MIRRORED_FIVE] * flip])
    rest = y - FIRST @ x
    importance = np.ones(len(x))
    change = np.zeros_like(FIRST)
    for _ in range(_ROUNDS):
        rows = np.repeat(importance, 2)[:, None]  # x and y of a face
        left = np.concatenate(
            [
                x.transpose(0, 2, 1).reshape(-1, 6) * rows,
                _RIDGE * np.eye(6),
                np.full((1, 6), 1e3),  # the changes of a row have the sum 0
            ]
        )
        right = rest.transpose(0, 2, 1).reshape(-1, 5) * rows
        right = np.concatenate([right, np.zeros((7, 5))])
        change = np.linalg.lstsq(left, right, rcond=None)[0].T
        error = np.linalg.norm(rest - change @ x, axis=2).mean(axis=1)
        importance = 1 / np.sqrt(np.maximum(error, _LEAST))
        importance /= importance.mean()
    return FIRST + change


def box_of(six: Points, blazeface: Points, mtcnn: Points) -> Points:
    """How far MTCNN's box lies towards the forehead, its width and height, in BlazeFace's sides.

    Args:
        six: (N, 6, 2).
        blazeface: (N, 2, 2), centres and sides.
        mtcnn: (N, 2, 2), corners.
    """
    side = blazeface[:, 1].mean(axis=1)
    up = six[:, :2].mean(axis=1) - six[:, 3]
    up /= np.linalg.norm(up, axis=1, keepdims=True)
    shift = ((mtcnn.mean(axis=1) - blazeface[:, 0]) * up).sum(axis=1) / side
    sides = (mtcnn[:, 1] - mtcnn[:, 0]) / side[:, None]
    return np.median(np.column_stack([shift, sides]), axis=0)


def main(arguments: Sequence[str] | None = None) -> None:
    """Prints the two constants, and how far the mapped points are from MTCNN's."""
    parser = argparse.ArgumentParser(
        prog="python -m export.blazeface_points", description=__doc__.splitlines()[0]
    )
    parser.add_argument("folders", nargs="+", type=Path, metavar="FOLDER", help="photos of faces")
    rows = list(pairs(parser.parse_args(arguments).folders))
    if not rows:
        raise SystemExit("export.blazeface_points: expected photos of faces, found none")
    six, five, blazeface, mtcnn = (np.array(column) for column in zip(*rows, strict=True))
    weights = fitted(six, five)
    off = np.linalg.norm(weights @ six - five, axis=2)
    off /= np.linalg.norm(five[:, 0] - five[:, 1], axis=1, keepdims=True)
    print(f"{len(rows)} faces; median distance from MTCNN's points, in distances of its eyes:")
    print(np.array2string(np.median(off, axis=0), precision=3))
    print("FIVE_OF_SIX =", np.array2string(weights.round(3), separator=", "))
    print("BOX =", tuple(box_of(six, blazeface, mtcnn).round(3).tolist()))


if __name__ == "__main__":
    as_program(main)
