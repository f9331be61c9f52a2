"""Meshes of a folder of photos, made once and kept, so that any map of vertices can follow later.

A folder of the store holds files of `BATCH` photos each, `00000.npz`, ...; a run that is killed
goes on with the next one. Nothing in them comes from a landmark network of this project: the first
square is that of the face detector.
"""

import io
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lapland.base.errors import ImageError
from lapland.base.files import write_whole
from lapland.image.loading import load_image
from training.labelling.mesh import Mesh, Square, square_of_five_points

BATCH = 50  # photos a file, which a killed run loses at most
Five = NDArray[np.float32]
Finder = Callable[[NDArray[np.uint8]], tuple[Five, NDArray[np.float32]]]
"""A photo -> the five points (n, 5, 2) and scores (n,) of its faces."""


@dataclass
class Vertices:
    """Meshes of N faces.

    Attributes:
        photos: names of the photos, without suffix, relative to their folder.
        five: (N, 5, 2) of the face detector; NaN if it saw none (the mesh starts from the middle).
        scores: (N,) of the face detector.
        views: (N, V, 478, 3), image pixels; every second view was mirrored (`Mesh.see`). NaN if
            the network saw no face.
    """

    photos: list[str]
    five: NDArray[np.float32]
    scores: NDArray[np.float32]
    views: NDArray[np.float32]


def keep(
    root: Path,
    photos: Sequence[Path],
    store: Path,
    mesh: Mesh,
    find: Finder,
    *,
    count: int,
    rounds: int = 2,
    say: Callable[[int, int, float], None] = lambda done, total, seconds: None,
    batch: int = BATCH,
) -> None:
    """Meshes every face of the photos that the store does not have yet.

    Args:
        root: folder that names are relative to.
        photos: files below it, in the order of the work, which must not change.
        store: folder of the meshes.
        mesh: the network.
        find: the face detector.
        count: views of a face.
        rounds: passes that settle the square.
        say: called after each file with photos done, photos in all, and seconds of this run.
        batch: photos a file; that of the earlier runs.
    """
    store.mkdir(parents=True, exist_ok=True)
    started = time.perf_counter()
    for first in range(0, len(photos), batch):
        path = store / f"{first // batch:05d}.npz"
        if path.exists():  # written whole, so it holds all of its photos
            continue
        parts = []
        for file in photos[first : first + batch]:
            # Every face of a photo has the name of the photo; `training.label` numbers them.
            name = file.relative_to(root).with_suffix("").as_posix()
            parts += [(name, *face) for face in _faces(file, mesh, find, count, rounds)]
        write_whole(path, _packed(parts, count))
        say(min(first + batch, len(photos)), len(photos), time.perf_counter() - started)


def load(store: Path) -> Vertices:
    """The present content of a store.

    Raises:
        FileNotFoundError: it holds nothing.
    """
    files = sorted(store.glob("[0-9]*.npz"))  # in the order of the photos
    if not files:
        raise FileNotFoundError(f"{store}: holds no meshes; run `python -m training.label` first")
    parts = [dict(np.load(file)) for file in files]
    names = [str(name) for part in parts for name in part["photos"]]
    five, scores, views = (
        np.concatenate([part[key] for part in parts]) for key in ("five", "scores", "views")
    )
    return Vertices(names, five, scores, views)


def _faces(
    file: Path, mesh: Mesh, find: Finder, count: int, rounds: int
) -> list[tuple[Five, float, NDArray[np.float32]]]:
    """(five points, score, views) of each face of a photo; a damaged photo has none."""
    try:
        image = load_image(file)
    except ImageError:
        return []
    # A seed of the photo alone: a continued run draws the numbers of a whole one.
    rng = np.random.default_rng(len(file.name))
    out = []
    five, scores = find(image)
    squares = [square_of_five_points(points.astype(np.float64)) for points in five]
    if not squares:  # the middle of the photo, for faces that the detector does not see
        squares = [_middle(image)]
        five, scores = np.full((1, 5, 2), np.nan, np.float32), np.zeros(1, np.float32)
    for points, score, square in zip(five, scores, squares, strict=True):
        settled = mesh.settled(image, square, rounds)
        # A face without a mesh keeps its row, so that it is known and refused later.
        if settled is None:
            views = np.full((count, 478, 3), np.nan, np.float32)
        else:
            views = mesh.views(image, settled, count, rng)
        out.append((points, float(score), views))
    return out


def _middle(image: NDArray[np.uint8]) -> Square:
    height, width = image.shape[:2]
    return Square(np.array([width - 1, height - 1]) / 2, 0.7 * min(width, height), 0.0)


def _packed(parts: list[tuple[str, Five, float, NDArray[np.float32]]], count: int) -> bytes:
    buffer = io.BytesIO()
    np.savez(
        buffer,
        photos=np.array([part[0] for part in parts], str),
        # Photos may have no face at all: the shape (0,) of an empty list becomes (0, 5, 2).
        five=np.array([part[1] for part in parts], np.float32).reshape(-1, 5, 2),
        scores=np.array([part[2] for part in parts], np.float32),
        views=np.array([part[3] for part in parts], np.float32).reshape(-1, count, 478, 3),
    )
    return buffer.getvalue()
