"""CVAT's "CVAT for images 1.1": XML with points, or skeletons of named points."""

from pathlib import Path
from xml.etree import ElementTree

from training.importers.labelled import Labelled, all_names, in_order

# CVAT counts from the upper left corner of the first pixel; here its centre is at (0, 0).
_CORNER = 0.5


def read(file: Path, photos: Path) -> list[Labelled]:
    """A face for each skeleton, and for each `points` element outside skeletons.

    Points of a skeleton that are `outside` are hidden; occluded ones count.

    Raises:
        ValueError: the file is no XML of this form, or two faces have other numbers of points.
    """
    try:
        root = ElementTree.parse(file).getroot()
        rows: list[tuple[Path, dict[str, tuple[float, float]]]] = []
        for image in root.iter("image"):
            path = photos / image.attrib["name"]
            for skeleton in image.findall("skeleton"):
                # `in_order` makes NaN of those that are missing.
                points = [p for p in skeleton.findall("points") if p.get("outside", "0") != "1"]
                # Each named point of a skeleton is a `points` element with one pair.
                rows.append((path, {p.attrib["label"]: _pairs(p)[0] for p in points}))
            # Not iter(): that would find the points of the skeletons once more.
            for element in image.findall("points"):
                pairs = _pairs(element)
                # Numbers stand for the names that these points lack.
                rows.append((path, {str(i): pair for i, pair in enumerate(pairs)}))
    except (ElementTree.ParseError, KeyError, ValueError, IndexError) as error:
        raise ValueError(f"{file}: not a file of CVAT for images 1.1 ({error!r})") from error
    # Known only after the last face: a hidden point has no row in some of the faces.
    names = all_names(found for _, found in rows)
    return [Labelled(path, in_order(found, names, str(file)), names) for path, found in rows]


def _pairs(element: ElementTree.Element) -> list[tuple[float, float]]:
    pairs = [pair.split(",") for pair in element.attrib["points"].split(";")]  # "x1,y1;x2,y2;..."
    return [(float(x) - _CORNER, float(y) - _CORNER) for x, y in pairs]
