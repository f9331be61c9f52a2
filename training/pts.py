"""The iBUG text format `.pts`. Its coordinates are 1-based, as MATLAB's; ours are 0-based."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray


def read_pts(path: Path) -> NDArray[np.float64]:
    """Reads landmarks, (K, 2) float64, 0-based pixels.

    Raises:
        ValueError: the file is not in the format; the message names the file and the fault.
    """
    text = path.read_text()
    head, brace, rest = text.partition("{")
    body, closing, _ = rest.partition("}")
    if not brace or not closing:
        raise ValueError(f"{path}: expected points between braces, as `.pts` files have them")
    try:
        points = np.array(body.split(), dtype=np.float64)
    except ValueError as error:
        raise ValueError(f"{path}: expected numbers between the braces ({error})") from None
    stated = [line.split(":")[1] for line in head.splitlines() if line.startswith("n_points")]
    if len(points) % 2 or (stated and int(stated[0]) * 2 != len(points)):
        raise ValueError(
            f"{path}: {len(points)} numbers for {stated[0].strip() if stated else 'some'} points"
        )
    return points.reshape(-1, 2) - 1.0
