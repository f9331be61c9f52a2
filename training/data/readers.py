"""Reading annotated faces: folders in the layout of 300-W, and lists in the form of AFLW's."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lapland.image.loading import load_image
from lapland.schemes.scheme import Scheme
from training.data.faces import AnnotatedFaces
from training.data.indices import Indices
from training.data.pts import read_indexed_pts, read_pts

SUFFIXES = (".jpg", ".jpeg", ".png")
ROW = "image_path annotation_path x1 y1 x2 y2 face_size"  # of a list, separated by spaces


Roots = Path | Sequence[Path]
"""A folder of photos, or several; names are searched in each, in their order."""


def read_faces(root: Roots, scheme: Scheme, split: Path | None = None) -> AnnotatedFaces:
    """Reads the faces that a split file names, in whichever of its two forms.

    Args:
        root: folder of the photos, or several; a list with seven columns is relative to the first.
        scheme: scheme of their annotation.
        split: a list with seven columns (`read_list`), or names, one a line (`read_folder`);
            None reads every photo that has a `.pts` file beside it.

    Raises:
        FileNotFoundError: a file or folder does not exist; the message names it.
        ValueError: a file is not in its format; the message names it and the fault.
    """
    if split is None:
        return read_folder(root, scheme)
    names = read_split(split)
    if any(len(name.split()) == len(ROW.split()) for name in names):
        return read_list(_folders(root)[0], scheme, split)
    return read_folder(root, scheme, names)


def read_folder(root: Roots, scheme: Scheme, names: Sequence[str] | None = None) -> AnnotatedFaces:
    """Reads photos and their `.pts` files below a folder.

    The weights of labels are those of the nearest `index.csv`, in the folder of the photo or above.

    Args:
        root: a folder in the layout of 300-W: `<subset>/.../<photo>.jpg` beside `<photo>.pts`; or
            several.
        scheme: the annotation scheme that every file must have.
        names: relative paths without suffix, or the ends of such paths (`afw/12_1` also names
            `afw/trainset/12_1`), or folders (`afw/`: all faces below it); None reads every photo
            that has a `.pts` file.

    Raises:
        FileNotFoundError: there is no folder, or no photo of a name.
        ValueError: a photo cannot be decoded, or a `.pts` file has another number of points.
    """
    roots, found = _folders(root), {}
    for folder in reversed(roots):  # of two photos of a name that of the first folder counts
        if not folder.is_dir():
            raise FileNotFoundError(
                f"{folder}: there is no such folder; expected one in 300-W layout"
            )
        # Names as in a split file: with `/` on every system, without suffix.
        named = {
            path.relative_to(folder).with_suffix("").as_posix(): path for path in photos(folder)
        }
        found.update(named)
    place = ", ".join(map(str, roots))
    if names is None:
        # All photos are in `found`; without names, those with labels count.
        names = sorted(name for name, path in found.items() if path.with_suffix(".pts").exists())
    else:
        names = [full for name in names for full in _resolved(name, found, place)]
    if not names:
        raise FileNotFoundError(f"{place}: found no photo with a .pts file beside it")
    images = [_read_photo(found[name]) for name in names]
    landmarks = [_read_landmarks(found[name].with_suffix(".pts"), scheme) for name in names]
    weights = _weights([found[name] for name in names], roots, scheme)
    return AnnotatedFaces.from_landmarks(
        names, images, np.stack(landmarks), scheme, weights=weights
    )


def read_list(root: Path, scheme: Scheme, file: Path) -> AnnotatedFaces:
    """Reads a list of faces in the form of AFLW's lists, one row for each face.

    A row is `image_path annotation_path x1 y1 x2 y2 face_size`: the box of the face and the
    square root of its area, which errors are divided by. Several faces may share a photo. The
    faces are named by their annotation files.

    Args:
        root: folder that the paths are relative to; absolute paths stay.
        scheme: scheme of the annotation files.
        file: the list.

    Raises:
        FileNotFoundError: a photo or an annotation file does not exist.
        ValueError: a row, a photo or an annotation file cannot be read; the message names the
            line.
    """
    names, images, landmarks, boxes, sizes = [], [], [], [], []
    # Faces of one photo share its array: less memory, and `add_detected` searches it once.
    known: dict[str, NDArray[np.uint8]] = {}
    for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), start=1):
        if not line.strip():
            continue
        try:
            photo, annotation, box, size = _parse_row(line)
            if photo not in known:
                known[photo] = _read_photo(root / photo)
            points = _read_landmarks(root / annotation, scheme)
        except FileNotFoundError as error:
            raise FileNotFoundError(f"{file}, line {number}: {error}") from None
        except ValueError as error:
            raise ValueError(f"{file}, line {number}: {error}") from None
        names.append(Path(annotation).with_suffix("").as_posix())
        images.append(known[photo])
        landmarks.append(points)
        boxes.append(box)
        sizes.append(size)
    if not names:
        raise ValueError(f"{file}: expected rows `{ROW}`, found none")
    return AnnotatedFaces.from_landmarks(
        names,
        images,
        np.stack(landmarks),
        scheme,
        boxes=np.array(boxes) - 1.0,  # 1-based, as the landmarks beside them
        sizes=np.array(sizes),
    )


def read_split(file: Path) -> list[str]:
    """The rows of a split file that are not empty."""
    return [line.strip() for line in file.read_text(encoding="utf-8").splitlines() if line.strip()]


def photos(root: Path) -> list[Path]:
    """Every photo below a folder, in order."""
    return sorted(path for path in root.rglob("*") if path.suffix.lower() in SUFFIXES)


def _folders(root: Roots) -> list[Path]:
    return [root] if isinstance(root, Path) else list(root)


def _resolved(name: str, found: dict[str, Path], place: str) -> list[str]:
    if name in found:
        return [name]
    if name.endswith("/"):
        labelled = (key for key, path in found.items() if path.with_suffix(".pts").exists())
        below = sorted(key for key in labelled if key.startswith(name))
        if not below:
            raise FileNotFoundError(f"{place}: no photo with a .pts file lies below {name}")
        return below
    # `afw/12_1` means `afw/trainset/12_1` as well, if no other photo fits.
    head, _, stem = name.rpartition("/")
    matches = [key for key in found if key.startswith(head) and key.endswith("/" + stem)]
    if len(matches) != 1:
        raise FileNotFoundError(f"{place}: {len(matches)} photos match {name!r}, expected one")
    return matches


def _weights(
    paths: Sequence[Path], roots: list[Path], scheme: Scheme
) -> NDArray[np.float32] | None:
    """(N, K) by the nearest indices; None if no face stands in one. A face that does not has 1."""
    # None in place of ones, so that a run without weights has batches of crops and landmarks alone.
    indices = Indices(roots)
    found = [indices.row(path) for path in paths]
    if not any(found):
        return None
    full = np.ones(scheme.size)
    rows = [full if row is None else row.weights for row in found]
    for path, weights in zip(paths, rows, strict=True):
        if weights.shape != full.shape:
            raise ValueError(f"{path}: {len(weights)} weights in its index, not {scheme.size}")
    return np.stack(rows).astype(np.float32)


def _parse_row(line: str) -> tuple[str, str, list[float], float]:
    """Photo, annotation, box (4,) and size of one row of a list."""
    try:
        photo, annotation, *numbers = line.split()
        x1, y1, x2, y2, size = map(float, numbers)
    except ValueError:
        raise ValueError(f"expected `{ROW}`, found {line.strip()!r}") from None
    # float() takes `nan` and `inf` for numbers, so they come as far as here.
    if not (np.isfinite([x1, y1, x2, y2]).all() and x1 < x2 and y1 < y2):
        raise ValueError(f"expected a box x1 y1 x2 y2 with x1 < x2 and y1 < y2, found {numbers}")
    if not 0 < size < np.inf:
        raise ValueError(f"expected a face_size above 0, found {numbers[-1]}")
    return photo, annotation, [x1, y1, x2, y2], size


def _read_photo(path: Path) -> NDArray[np.uint8]:
    if not path.is_file():
        raise FileNotFoundError(f"{path}: there is no such photo")
    return load_image(path)  # which refuses truncated files with a clear error


def _read_landmarks(path: Path, scheme: Scheme) -> NDArray[np.float64]:
    """(K, 2) landmarks from a `.pts` file of either form, NaN if not visible."""
    if not path.is_file():
        raise FileNotFoundError(f"{path}: there is no such annotation file")
    # By content, as both forms have one suffix: iBUG's has a header and braces, AFLW's has neither.
    text = path.read_text(encoding="utf-8")
    if "{" not in text and not text.startswith("version"):
        return read_indexed_pts(path, scheme.size)
    points = read_pts(path)
    if points.shape != (scheme.size, 2):
        raise ValueError(
            f"{path}: {len(points)} points, but the scheme {scheme.name} has {scheme.size}"
        )
    return points
