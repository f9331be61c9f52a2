"""Files and folders -> photos, and what the files are called that are made of them."""

import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from ..base.errors import OptionError

SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff"})
# Files that are not written; as the name of a folder they are a mistake.
_FOREIGN = frozenset(
    {".gif", ".svg", ".pdf", ".heic", ".avif", ".json", ".ndjson", ".gz", ".csv", ".txt", ".pts"}
)
_NUMBERED = re.compile(r"(.*)_\d+", re.DOTALL)


def find_photos(given: Iterable[Path], out: Path | None) -> tuple[dict[Path, Path], list[Path]]:
    """Files and folders -> photos, each once, with the folder it was found in; folders without any.

    Folders that cannot be read count as such, also those below others. Links to folders are not
    followed. In folders, drawings of earlier runs are passed over, so that a second run does not
    draw them.

    Args:
        given: files and folders; folders are walked with all below them.
        out: the folder that drawings go to, if any.
    """
    drawn = None if out is None else out.resolve()
    photos: dict[Path, Path] = {}
    seen: set[str] = set()
    empty = []
    for path in given:
        closed: list[Path] = []
        found = _in_folder(path, drawn, closed) if path.is_dir() else [path]
        if not found and path not in closed:
            empty.append(path)
        empty += closed
        for photo in found:
            key = os.path.abspath(photo)
            if key not in seen:
                seen.add(key)
                photos[photo] = path if photo != path else photo.parent
    return photos, empty


def _in_folder(folder: Path, drawn: Path | None, closed: list[Path]) -> list[Path]:
    """The photos in a folder and all below it; adds those that cannot be read to `closed`."""
    if drawn == folder.resolve():
        drawn = None
    walk = os.walk(folder, onerror=lambda error: closed.append(Path(error.filename)))
    return [
        p
        for p in sorted(Path(parent, name) for parent, _, names in walk for name in names)
        if p.suffix.lower() in SUFFIXES
        and p.is_file()
        and not p.stem.endswith("_landmarks")
        and not (drawn and p.resolve().is_relative_to(drawn))
    ]


def check_out(out: Path | None) -> None:
    """Refuses the name of a file that is not written.

    Raises:
        OptionError: it ends like one and is no folder.
    """
    if out is not None and out.suffix.lower() in _FOREIGN and not out.is_dir():
        raise OptionError(
            f"-o {out}: expected a folder, or a file that ends in {', '.join(sorted(SUFFIXES))} "
            "for a drawing or in .jsonl for landmarks"
        )


def is_lines(out: Path | None) -> bool:
    """Whether -o names a file of JSON Lines."""
    return out is not None and out.suffix.lower() == ".jsonl" and not out.is_dir()


def drawing_targets(photos: Iterable[Path], out: Path | None, many: bool) -> dict[Path, Path]:
    """Where the drawing of each photo goes, never over a photo; a taken name gets a number.

    Args:
        photos: all of them.
        out: a folder, or a file for a single photo; None is the working folder.
        many: whether several photos are asked for, even where one was found.

    Raises:
        OptionError: `out` is a file where a folder is needed, or a photo.
    """
    given = {photo.resolve() for photo in photos}
    if out is not None and not out.is_dir() and out.suffix.lower() in SUFFIXES:
        if many:
            raise OptionError(f"-o {out}: expected a folder for several photos, not a file name")
        if out.resolve() in given:
            raise OptionError(f"-o {out}: the drawing would take the place of the photo")
        return dict.fromkeys(photos, out)
    folder = out if out is not None else Path()
    targets: dict[Path, Path] = {}
    taken: set[Path] = set()
    for photo in photos:
        target = folder / f"{photo.stem}_landmarks.jpg"
        number = 2
        while target in taken or target.resolve() in given:
            target = folder / f"{photo.stem}_{number}_landmarks.jpg"
            number += 1
        taken.add(target)
        targets[photo] = target
    return targets


def pts_names(photos: Mapping[Path, Path], taken: Iterable[str]) -> dict[Path, tuple[str, str]]:
    """Names of the `.pts` files of photos, without `.pts`, relative to the folder they go to.

    Sub-folders are kept: `trip/day1/a.jpg`, found in `trip`, is `day1/a`. A taken name gets a
    number.

    Args:
        photos: photo -> folder it was found in.
        taken: names that earlier runs have written.

    Returns:
        photo -> (name for a single face, name for several, to which `save_pts` adds `_1`, `_2`).
        They differ where those numbers would meet the name of another photo: the faces of `a.jpg`
        beside a photo `a_1.jpg` are `a_face_1`, `a_face_2`.
    """
    used = set(taken)
    names: dict[Path, str] = {}
    for photo, folder in photos.items():
        plain = photo.relative_to(folder).with_suffix("").as_posix()
        name, number = plain, 2
        while name in used:
            name, number = f"{plain}_{number}", number + 1
        used.add(name)
        names[photo] = name
    numbered = {match[1] for match in map(_NUMBERED.fullmatch, used) if match}
    return {photo: (name, _free(name, numbered)) for photo, name in names.items()}


def _free(name: str, numbered: set[str]) -> str:
    while name in numbered:
        name += "_face"
    return name
