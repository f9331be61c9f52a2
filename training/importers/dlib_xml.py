"""dlib's XML, as `imglab` writes it: images, boxes, parts."""

from pathlib import Path
from xml.etree import ElementTree

from training.importers.labelled import Labelled, all_names, in_order


def read(file: Path, photos: Path) -> list[Labelled]:
    """Every box that is not marked `ignore` and has parts. Coordinates are 0-based.

    Raises:
        ValueError: the file is no XML of this form.
    """
    try:
        root = ElementTree.parse(file).getroot()
        rows = []
        for image in root.iter("image"):
            for box in image.iter("box"):
                parts = {
                    # "00", "01", ...
                    part.attrib["name"]: (float(part.attrib["x"]), float(part.attrib["y"]))
                    for part in box.iter("part")
                }
                if parts and box.get("ignore", "0") != "1":
                    rows.append((photos / image.attrib["file"], parts))
    except (ElementTree.ParseError, KeyError, ValueError) as error:
        raise ValueError(f"{file}: not a file of dlib's XML ({error!r})") from error
    names = all_names(parts for _, parts in rows)
    return [Labelled(path, in_order(parts, names, str(file)), names) for path, parts in rows]
