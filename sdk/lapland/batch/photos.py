"""Files and folders -> photos, and names for the files made of them."""

import glob
import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from ..base.errors import OptionError, clipped
from ..base.files import read_start
from ..base.progress import counted
from ..image.foreign import SUFFIXES as FOREIGN
from ..image.headers import SUFFIXES as READ
from ..image.headers import begins_as_photo

STDIN = Path("-")
# A comment in a JPEG that distinguishes a drawing of lapland from a photo of the user.
DRAWING = b"\xff\xfe\0\x12Drawn by lapland"
SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff"})  # are written
# Folders that systems make, for previews and for files that were deleted.
_SYSTEM = frozenset({"@eadir", "__macosx", "$recycle.bin", "system volume information"})
# Files that are not written; as the name of a folder they are a mistake.
_FOREIGN = frozenset(
    {".gif", ".svg", ".pdf", ".heic", ".avif", ".json", ".ndjson", ".gz", ".csv", ".txt", ".pts"}
)
_STEM = 220  # bytes
_NUMBERED = re.compile(r"(.*)_\d+", re.DOTALL)


def find_photos(
    given: Iterable[Path], out: Path | None, passed: Counter[str] | None = None
) -> tuple[dict[Path, Path], list[Path]]:
    """Files and folders -> photos, each once, with the folder it was found in; folders without any.

    In a folder, photos are files with a suffix of a format that is read, in capitals too, files
    that begin as one does, and files that look like a photo of a format that is not read, so that
    they are named. Links to folders are followed, each folder once. Hidden files, and folders that
    systems make for previews and the like, are skipped, and so are drawings of earlier runs.
    Folders that cannot be read count as empty, also those below others.

    Args:
        given: files, folders, wildcards, and `-` for the standard input.
        out: the folder that drawings go to, if any.
        passed: counts the skipped files of each kind; the function adds to it.
    """
    drawn = None if out is None else out.resolve()
    photos: dict[Path, Path] = {}
    seen: set[str] = set()
    empty = []
    passed = Counter() if passed is None else passed
    entered: set[str] = set()
    for path in _expanded(given):
        closed: list[Path] = []
        again = os.path.realpath(path) in entered
        found = _in_folder(path, drawn, closed, passed, entered) if path.is_dir() else [path]
        if not found and path not in closed and not again:
            empty.append(path)
        empty += closed
        for photo in found:
            key = os.path.abspath(photo)
            if key not in seen:
                seen.add(key)
                photos[photo] = path if photo != path else photo.parent
    return photos, empty


def _expanded(given: Iterable[Path]) -> Iterator[Path]:
    """Wildcards as a shell expands them; a file whose name holds one is that file."""
    for path in given:
        text = str(path)
        magic = glob.has_magic(text) and not os.path.lexists(path)
        matches = sorted(glob.glob(text, recursive=True)) if magic else []
        yield from map(Path, matches or [text])


def _in_folder(
    folder: Path,
    drawn: Path | None,
    closed: list[Path],
    passed: Counter[str],
    entered: set[str],
) -> list[Path]:
    """The photos in a folder and all below it, without folders in `entered`.

    Adds folders that it searches to `entered`, and those that cannot be read to `closed`.
    """
    if drawn == folder.resolve():
        drawn = None
    walk = os.walk(folder, onerror=lambda e: closed.append(Path(e.filename)), followlinks=True)
    photos: list[Path] = []
    for parent, folders, names in walk:
        real = os.path.realpath(parent)
        if real in entered:
            folders.clear()
            continue
        entered.add(real)
        hidden = [name for name in folders if _is_hidden(name)]
        passed["hidden folder"] += len(hidden)
        folders[:] = sorted(name for name in folders if name not in hidden)
        for name in names:
            path = Path(parent, name)
            kind = _kind(path)
            if kind == "photo" and drawn and path.resolve().is_relative_to(drawn):
                kind = "drawing"
            if kind == "photo":
                photos.append(path)
            elif kind is not None:
                passed[kind] += 1
    return sorted(photos)


def _kind(path: Path) -> str | None:
    """The kind of a file in a folder: "photo", or a reason to skip it; None for other files."""
    suffix = path.suffix.lower()
    known = suffix in READ or suffix in FOREIGN
    if not path.is_file():
        if not known or path.is_dir():
            return None
        return "special file" if path.exists() else "broken link"
    if _is_hidden(path.name):
        return "hidden file" if known else None
    if not known:
        try:
            known = begins_as_photo(read_start(path, 64))
        except OSError:
            return None
    if known and path.stem.endswith("_landmarks"):
        return "drawing"
    return "photo" if known else None


def _is_hidden(name: str) -> bool:
    return name.startswith(".") or name.lower() in _SYSTEM


def passed_over(passed: Mapping[str, int]) -> str:
    """Passed over 2 hidden files and 1 drawing; empty if nothing was."""
    parts = [counted(number, kind) for kind, number in sorted(passed.items()) if number]
    return f"passed over {' and '.join(parts)}" if parts else ""


def check_out(out: Path | None) -> None:
    """Refuses the name of a file that is not written.

    Raises:
        OptionError: it ends like one and is no folder.
    """
    if out is not None and out.suffix.lower() in _FOREIGN and not out.is_dir():
        raise OptionError(
            f"-o {clipped(out)}: expected a folder, or a file that ends in "
            f"{', '.join(sorted(SUFFIXES))} for a drawing or in .jsonl for landmarks"
        )


def is_lines(out: Path | None) -> bool:
    """Whether -o names a file of JSON Lines."""
    return out is not None and out.suffix.lower() == ".jsonl" and not out.is_dir()


def drawing_targets(photos: Iterable[Path], out: Path | None, many: bool) -> dict[Path, Path]:
    """The path of each photo's drawing; a name that another file has gets a number.

    In a folder only drawings of lapland are replaced.

    Args:
        photos: all of them.
        out: a folder, or a file for a single photo; None is the working folder.
        many: whether the user named several photos, even if only one was found.

    Raises:
        OptionError: `out` is a file and must be a folder, or is a photo.
    """
    given = {photo.resolve() for photo in photos}
    if out is not None and not out.is_dir() and out.suffix.lower() in SUFFIXES:
        if many:
            raise OptionError(
                f"-o {clipped(out)}: expected a folder for several photos, not a file name"
            )
        if out.resolve() in given:
            raise OptionError(f"-o {clipped(out)}: the drawing would take the place of the photo")
        return dict.fromkeys(photos, out)
    folder = out if out is not None else Path()
    targets: dict[Path, Path] = {}
    taken: set[Path] = set()
    for photo in photos:
        stem = _shortened(photo.stem)
        target = folder / f"{stem}_landmarks.jpg"
        number = 2
        while target in taken or target.resolve() in given or _is_foreign(target):
            target = folder / f"{stem}_{number}_landmarks.jpg"
            number += 1
        taken.add(target)
        targets[photo] = target
    return targets


def _shortened(stem: str) -> str:
    """The stem of a file, so short that more may be added: systems allow 255 bytes."""
    return os.fsdecode(os.fsencode(stem)[:_STEM]) if len(os.fsencode(stem)) > _STEM else stem


def _is_foreign(target: Path) -> bool:
    """Whether a file of this name is there that is no drawing of lapland."""
    try:
        return target.is_file() and DRAWING not in read_start(target, 256)
    except OSError:
        return True


def pts_names(photos: Mapping[Path, Path], taken: Iterable[str]) -> dict[Path, tuple[str, str]]:
    """Names of the `.pts` files of photos, without `.pts`, relative to the folder they go to.

    Sub-folders stay: `trip/day1/a.jpg`, found in `trip`, is `day1/a`. A taken name gets a
    number.

    Args:
        photos: photo -> folder it was found in.
        taken: names that earlier runs have written.

    Returns:
        photo -> (name for a single face, name for several; `save_pts` adds `_1`, `_2`).
        They differ where those numbers would meet the name of another photo: the faces of `a.jpg`
        beside a photo `a_1.jpg` are `a_face_1`, `a_face_2`.
    """
    used = set(taken)
    names: dict[Path, str] = {}
    for photo, folder in photos.items():
        inner = photo.relative_to(folder)
        plain = inner.with_name(_shortened(inner.stem)).as_posix()
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
