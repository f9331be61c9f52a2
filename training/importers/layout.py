"""Labelled faces -> a folder that `training.train` reads: photos, `.pts` files, splits."""

import os
import re
import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from lapland.base.files import write_text
from lapland.formats.pts import to_pts
from training.importers.labelled import Labelled


def write(faces: Sequence[Labelled], out: Path, share: float, seed: int = 0) -> tuple[int, int]:
    """Writes the faces below `photos/`, and `splits/train.txt` and `splits/val.txt`.

    A photo with several faces is written once for each, as a name stands for one face. The faces
    of one photo are in the same split.

    Args:
        faces: at least two photos' faces.
        out: the folder; files of the same name are replaced.
        share: share of the photos that go to `val`, 0 to 1; at least one does.
        seed: seed of the choice.

    Returns:
        How many faces are in `train` and in `val`.

    Raises:
        FileNotFoundError: a photo is missing; nothing is written then.
        ValueError: there are fewer than two photos.
    """
    photos = sorted({face.photo for face in faces})  # by photo, as faces of one stay together
    # All photos before the first file: a wrong --photos leaves nothing behind.
    missing = [str(photo) for photo in photos if not photo.is_file()]
    if missing:
        raise FileNotFoundError(
            f"{missing[0]}: no such photo ({len(missing)} missing); see --photos"
        )
    if len(photos) < 2:
        raise ValueError(f"expected two photos or more, to train and to choose on; {len(photos)}")
    count = min(max(1, round(share * len(photos))), len(photos) - 1)  # both splits have a photo
    # `photos` is sorted, so a seed chooses the same ones again.
    chosen = {photos[i] for i in np.random.default_rng(seed).permutation(len(photos))[:count]}
    splits: dict[str, list[str]] = {"train": [], "val": []}
    taken: set[str] = set()
    for face in faces:
        name = _free(face.photo.stem, taken)  # one name for each face
        target = out / "photos" / f"{name}{face.photo.suffix.lower()}"
        target.parent.mkdir(parents=True, exist_ok=True)
        _place(face.photo, target)
        write_text(target.with_suffix(".pts"), to_pts(face.points))
        splits["val" if face.photo in chosen else "train"].append(f"photos/{name}")
    (out / "splits").mkdir(parents=True, exist_ok=True)
    for split, names in splits.items():
        write_text(out / "splits" / f"{split}.txt", "".join(f"{name}\n" for name in names))
    return len(splits["train"]), len(splits["val"])


def _free(stem: str, taken: set[str]) -> str:
    """The stem without blanks, which split files cannot hold; with a number if it is taken."""
    plain = re.sub(r"\s+", "_", stem)
    name, number = plain, 1
    while name in taken:
        number += 1
        name = f"{plain}-{number}"
    taken.add(name)
    return name


def _place(photo: Path, target: Path) -> None:
    """A copy of a photo that takes no room if the file system can share it."""
    # The earlier file may be a link: to write into it would change its photo.
    target.unlink(missing_ok=True)
    try:
        os.link(photo, target)
    except OSError:
        shutil.copyfile(photo, target)
