"""Landmarks in `.pts` files. Their coordinates are 1-based, as MATLAB's; ours are 0-based."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray


def read_pts(path: Path) -> NDArray[np.float64]:
    """Reads iBUG's form: (K, 2) float64, 0-based pixels.

    Raises:
        ValueError: the file is not in the format; the message names the file and the fault.
    """
    text = path.read_text(encoding="utf-8")
    head, brace, rest = text.partition("{")
    body, closing, _ = rest.partition("}")
    if not brace or not closing:
        raise ValueError(f"{path}: expected points between braces, as `.pts` files have them")
    try:
        points = np.array(body.split(), dtype=np.float64)
    except ValueError as error:
        raise ValueError(f"{path}: expected numbers between the braces ({error})") from None
    stated = [line.partition(":")[2].strip() for line in head.splitlines() if "n_points" in line]
    if stated and not stated[0].isdigit():
        raise ValueError(f"{path}: expected `n_points: NUMBER`, found {stated[0]!r} for the number")
    if len(points) % 2 or (stated and int(stated[0]) * 2 != len(points)):
        raise ValueError(
            f"{path}: {len(points)} numbers for {stated[0] if stated else 'some'} points"
        )
    return points.reshape(-1, 2) - 1.0  # (K, 2), 0-based


def read_indexed_pts(path: Path, size: int) -> NDArray[np.float64]:
    """Reads AFLW's form: one row `index x y True` for each visible landmark, index from 1.

    The numbers should be those of AFLWinfo_release.mat, which is MATLAB's and so 1-based
    too; no document of AFLW says so.

    Args:
        path: path of the file, without header and braces.
        size: K, the number of landmarks of the scheme.

    Returns:
        (K, 2) float64, 0-based pixels; NaN if a landmark has no row, or a row that says False.

    Raises:
        ValueError: the file is not in the format; the message names the line and the fault.
    """
    points = np.full((size, 2), np.nan)  # a landmark without a row is not visible
    listed = set()
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        if not line.strip():
            continue
        try:
            index, x, y, visible = line.split()
            # The place counts from 0 here already, coordinates only at the end.
            place, xy = int(index) - 1, (float(x), float(y))
        except ValueError:
            raise ValueError(
                f"{path}, line {number}: expected `index x y True`, found {line.strip()!r}"
            ) from None
        if visible not in ("True", "False"):
            raise ValueError(f"{path}, line {number}: expected True or False, found {visible!r}")
        if not 0 <= place < size:
            raise ValueError(f"{path}, line {number}: index {index} is not in 1 to {size}")
        if place in listed:
            raise ValueError(f"{path}, line {number}: index {index} is listed twice")
        listed.add(place)
        if visible == "True":
            if not np.isfinite(xy).all():
                raise ValueError(f"{path}, line {number}: expected finite numbers, found {x} {y}")
            points[place] = xy
    return points - 1.0
