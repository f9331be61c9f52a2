"""COCO key points: a JSON file with `images`, `annotations` and `categories`."""

import json
from pathlib import Path

import numpy as np

from training.importers.labelled import Labelled


def read(file: Path, photos: Path) -> list[Labelled]:
    """Every annotation with key points. Visibility 0 is a hidden landmark; 1 and 2 count.

    Coordinates stay unchanged: COCO's are 0-based.

    Raises:
        ValueError: the file is no JSON of this form.
    """
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
        # Annotations name their image by its id.
        paths = {image["id"]: photos / image["file_name"] for image in content["images"]}
        names = {c["id"]: tuple(c.get("keypoints", ())) for c in content.get("categories", [])}
        faces = []
        for annotation in content["annotations"]:
            if not annotation.get("keypoints"):
                continue
            # (K, 3): x, y, visibility.
            rows = np.array(annotation["keypoints"], np.float64).reshape(-1, 3)
            # (K, 2): hidden ones stand as 0, 0 in the file.
            points = np.where(rows[:, 2:] > 0, rows[:, :2], np.nan)
            # Files without categories name no landmarks.
            of = names.get(annotation.get("category_id"), ())
            faces.append(Labelled(paths[annotation["image_id"]], points, of))
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"{file}: not a file of COCO key points ({error!r})") from error
    return faces
