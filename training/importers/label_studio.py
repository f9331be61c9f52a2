"""Label Studio's JSON export of key points (`keypointlabels`), one face a task."""

import json
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from training.importers.labelled import Labelled, all_names, in_order

# Label Studio counts from the upper left corner of the first pixel; here its centre is at (0, 0).
_CORNER = 0.5


def read(file: Path, photos: Path) -> list[Labelled]:
    """The last annotation of every task that was not cancelled.

    It finds photos by their file names in `photos`, with and without the eight digits and hyphen
    that uploads get.

    Raises:
        ValueError: the file is no JSON of this form.
    """
    try:
        tasks = json.loads(file.read_text(encoding="utf-8"))
        rows = []
        for task in tasks:
            annotations = [a for a in task["annotations"] if not a.get("was_cancelled")]
            points = _points(annotations[-1]["result"]) if annotations else {}
            if points:
                rows.append((_photo(task["data"], photos), points))
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"{file}: not an export of Label Studio's JSON ({error!r})") from error
    names = all_names(points for _, points in rows)
    return [Labelled(path, in_order(points, names, str(file)), names) for path, points in rows]


def _points(result: list[dict[str, Any]]) -> dict[str, tuple[float, float]]:
    points = {}
    for row in result:
        if row.get("type") == "keypointlabels":
            value = row["value"]
            x = value["x"] / 100 * row["original_width"] - _CORNER  # percent of the photo -> pixels
            y = value["y"] / 100 * row["original_height"] - _CORNER
            points[value["keypointlabels"][0]] = (x, y)
    return points


def _photo(data: dict[str, str], photos: Path) -> Path:
    """The photo of a task, from the first value that names a file."""
    address = urlsplit(next(iter(data.values())))  # a URL or a path, by how photos came in
    local = parse_qs(address.query).get("d", [address.path])[0]  # /data/local-files/?d=...
    name = PurePosixPath(unquote(local)).name
    plain = name.partition("-")[2]  # "1a2b3c4d-photo.jpg" -> "photo.jpg"
    # The name of the file first: a photo of the user's may have a hyphen.
    for candidate in (photos / name, photos / plain):
        if candidate.is_file():
            return candidate
    return photos / name  # missing: `layout.write` says so
