"""A picture of faces with their landmarks, to look at labels."""

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from lapland.base.files import write_whole

TILE = 150  # pixels
COLUMNS = 10
AROUND = 1.7  # side of a tile, in longer sides of the landmarks' box


def tile(
    photo: NDArray[np.uint8],
    landmarks: NDArray[np.floating],
    text: str,
    faint: NDArray[np.bool_] | None = None,
) -> NDArray[np.uint8]:
    """A square with a face, its landmarks green, those that are `faint` red, and a line of text."""
    # A refused face without five points: the whole photo.
    if not np.isfinite(landmarks).any():
        picture = cv2.resize(photo, (TILE, TILE), interpolation=cv2.INTER_AREA)
    else:
        low, high = np.nanmin(landmarks, axis=0), np.nanmax(landmarks, axis=0)
        step = AROUND * float((high - low).max()) / TILE  # photo pixels for a pixel of the tile
        # (2,): place in the photo of the tile's first pixel.
        first = (low + high) / 2 - step * (TILE - 1) / 2
        matrix = np.array([[step, 0, first[0]], [0, step, first[1]]])
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP  # the matrix is tile -> photo
        picture = cv2.warpAffine(photo, matrix, (TILE, TILE), flags=flags)
        for i, point in enumerate((landmarks - first) / step):
            if np.isfinite(point).all():
                colour = (0, 0, 255) if faint is not None and faint[i] else (0, 255, 0)
                # 4 bits of fraction, the last argument of the circle.
                at = tuple(np.round(point * 16).astype(int).tolist())
                cv2.circle(picture, at, 16, colour, -1, cv2.LINE_AA, 4)
    # Black below and wider, then white: readable on any photo.
    for colour, width in (((0, 0, 0), 3), ((255, 255, 255), 1)):
        cv2.putText(picture, text, (3, TILE - 4), cv2.FONT_HERSHEY_PLAIN, 0.8, colour, width)
    return picture  # type: ignore[return-value]


def write_sheet(path: Path, tiles: Sequence[NDArray[np.uint8]], columns: int = COLUMNS) -> None:
    """Writes tiles of one size, row by row, as a PNG or JPEG file."""
    blank = np.zeros_like(tiles[0])
    # vstack wants rows of one length, so black tiles complete the last one.
    filled = [*tiles, *[blank] * (-len(tiles) % columns)]
    rows = [np.hstack(filled[i : i + columns]) for i in range(0, len(filled), columns)]
    data = cv2.imencode(path.suffix, np.vstack(rows))[1].tobytes()
    write_whole(path, data)
