"""Lists in the form of WFLW's: a face a line, points first, the photo last.

`x0 y0 ... x97 y97 x_min y_min x_max y_max pose expression ... blur PHOTO`: any number of points.
"""

from pathlib import Path

import numpy as np

from training.importers.labelled import Labelled

_BOX, _ATTRIBUTES = 4, 6  # numbers between the points and the photo


def read(file: Path, photos: Path) -> list[Labelled]:
    """Every line of the list. Coordinates are 0-based.

    Raises:
        ValueError: a line is not in this form; the message says which.
    """
    faces = []
    for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
        fields = line.split()
        if not fields:
            continue
        count = len(fields) - 1 - _BOX - _ATTRIBUTES  # numbers of the points: two for each
        try:
            if count < 2 or count % 2:
                raise ValueError("expected points, a box, six attributes and a photo")
            points = np.array(fields[:count], np.float64).reshape(-1, 2)
        except ValueError as error:
            raise ValueError(f"{file}, line {number}: not in WFLW's form ({error})") from error
        faces.append(Labelled(photos / fields[-1], points))
    return faces
