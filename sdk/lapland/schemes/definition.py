"""A scheme as a file: JSON that a model carries in its metadata, so that it runs everywhere.

    {"name": "mine10",
     "landmarks": ["left_eye_outer", "left_eye_inner", ...],
     "groups": {"eyes": [0, 1, 2, 3], "nose": [4], ...},
     "contours": [{"points": [0, 1], "closed": false}],
     "pairs": [[0, 3], [1, 2]],
     "five": [[0, 1], [2, 3], [4], [5], [6]],
     "eye_corners": [0, 3]}

Indices count from 0. `groups` name each landmark once. `pairs` change places in a mirrored photo.
`five` are the landmarks whose means stand for left eye, right eye, nose, and the left and right
corner of the mouth, as the viewer sees them. `eye_corners` may be null: errors are then relative to
the size of the face. `landmarks` may be a number instead of names.
"""

import functools
import json
import os
import re
from typing import Any

from ..base.checks import checked_path
from ..base.errors import OptionError, clipped, shown
from .scheme import Contour, Scheme, permutation

MAX_LANDMARKS = 1000
_MAX_BYTES = 1 << 20
_FIVE = ("left eye", "right eye", "nose", "left corner of the mouth", "right corner of the mouth")


def read_scheme(path: str | os.PathLike[str]) -> Scheme:
    """Reads a scheme from a JSON file.

    Raises:
        FileNotFoundError: there is no such file.
        OptionError: it is no scheme; the message names the file and the fault.
    """
    file = checked_path(path)
    if file.stat().st_size > _MAX_BYTES:
        raise OptionError(f"{clipped(file)}: expected a scheme of at most {_MAX_BYTES} bytes")
    try:
        return scheme_from_json(file.read_text(encoding="utf-8"))
    except ValueError as error:  # OptionError is one
        raise OptionError(f"{clipped(file)}: {error}") from error


@functools.lru_cache(maxsize=64)
def scheme_from_json(text: str) -> Scheme:
    """Reads the text of `scheme_to_json`; the same text gives the same object.

    Raises:
        OptionError: it is no scheme; the message says why.
    """
    try:
        definition = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise OptionError(f"expected a scheme as JSON ({error})") from error
    return scheme_from(definition)


def scheme_from(definition: object) -> Scheme:
    """A scheme from its definition, as JSON gives it.

    Raises:
        OptionError: a part is missing or makes no sense; the message says which.
    """
    if not isinstance(definition, dict):
        raise OptionError(f"expected a scheme as a JSON object, not {type(definition).__name__}")
    name = definition.get("name")
    if not isinstance(name, str) or not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}", name):
        raise OptionError(f"name: expected letters, digits, '-', '_', '.', not {shown(name)}")
    names = _names(definition.get("landmarks"))
    size = names if isinstance(names, int) else len(names)
    corners = definition.get("eye_corners")
    if corners is not None and len(_indices("eye_corners", corners, size)) != 2:
        raise OptionError(f"eye_corners: expected two landmarks or null, not {shown(corners)}")
    return Scheme(
        name=name,
        size=size,
        groups=_groups(definition.get("groups"), size),
        contours=_contours(definition.get("contours", []), size),
        mirror=permutation(size, _pairs(definition.get("pairs", []), size)),
        five=_five(definition.get("five"), size),
        eye_corners=None if corners is None else (corners[0], corners[1]),
        parts=_parts(names, definition.get("parts", {}), size),
    )


def scheme_to_json(scheme: Scheme) -> str:
    """The definition of a scheme as one line of JSON."""
    pairs = [[i, j] for i, j in enumerate(scheme.mirror) if i < j]
    definition = {
        "name": scheme.name,
        "landmarks": scheme.size,
        "groups": {name: list(indices) for name, indices in scheme.groups.items()},
        "contours": [{"points": list(c), "closed": closed} for c, closed in scheme.contours],
        "pairs": pairs,
        "five": [list(indices) for indices in scheme.five],
        "eye_corners": None if scheme.eye_corners is None else list(scheme.eye_corners),
        "parts": {name: list(indices) for name, indices in scheme.parts.items()},
    }
    return json.dumps(definition, separators=(",", ":"))


def _names(landmarks: Any) -> int | list[str]:
    if isinstance(landmarks, int) and not isinstance(landmarks, bool):
        count = landmarks
    elif isinstance(landmarks, list) and all(isinstance(name, str) for name in landmarks):
        count = len(landmarks)
        if len(set(landmarks)) != count:
            raise OptionError("landmarks: expected names that differ")
    else:
        raise OptionError(f"landmarks: expected names or a number, not {shown(landmarks)}")
    if not 2 <= count <= MAX_LANDMARKS:
        raise OptionError(f"landmarks: expected 2 to {MAX_LANDMARKS}, not {count}")
    return landmarks  # type: ignore[no-any-return]


def _indices(key: str, values: Any, size: int) -> tuple[int, ...]:
    whole = isinstance(values, list) and all(type(v) is int and 0 <= v < size for v in values)
    if not whole or len(set(values)) != len(values):
        raise OptionError(
            f"{key}: expected landmarks 0 to {size - 1}, each once, not {shown(values)}"
        )
    return tuple(values)


def _groups(groups: Any, size: int) -> dict[str, tuple[int, ...]]:
    if not isinstance(groups, dict) or not groups:
        raise OptionError(f"groups: expected names with their landmarks, not {shown(groups)}")
    read = {str(name): _indices(f"groups.{name}", v, size) for name, v in groups.items()}
    if sorted(i for indices in read.values() for i in indices) != list(range(size)):
        raise OptionError(f"groups: expected each landmark of 0 to {size - 1} in one group")
    if not all(read.values()):
        raise OptionError("groups: expected no empty group")
    return read


def _contours(contours: Any, size: int) -> tuple[Contour, ...]:
    if not isinstance(contours, list):
        raise OptionError(f"contours: expected a list, not {shown(contours)}")
    read = []
    for contour in contours:
        if not isinstance(contour, dict):
            raise OptionError(
                f'contours: expected {{"points": [...], "closed": ...}}, not {shown(contour)}'
            )
        closed = bool(contour.get("closed", False))
        read.append((_indices("contours", contour.get("points"), size), closed))
    return tuple(read)


def _pairs(pairs: Any, size: int) -> tuple[tuple[int, int], ...]:
    read = [_indices("pairs", pair, size) for pair in pairs] if isinstance(pairs, list) else None
    if read is None or any(len(pair) != 2 for pair in read):
        raise OptionError(f"pairs: expected pairs of landmarks, not {shown(pairs)}")
    if len({i for pair in read for i in pair}) != 2 * len(read):
        raise OptionError("pairs: expected each landmark in one pair at most")
    return tuple((pair[0], pair[1]) for pair in read)


def _five(five: Any, size: int) -> tuple[tuple[int, ...], ...]:
    if not isinstance(five, list) or len(five) != len(_FIVE):
        raise OptionError(f"five: expected five lists of landmarks, for {', '.join(_FIVE)}")
    read = tuple(_indices(f"five ({name})", v, size) for name, v in zip(_FIVE, five, strict=True))
    for name, indices in zip(_FIVE, read, strict=True):
        if not indices:
            raise OptionError(f"five: expected the landmarks that stand for the {name}")
    return read


def _parts(names: int | list[str], parts: Any, size: int) -> dict[str, tuple[int, ...]]:
    if not isinstance(parts, dict):
        raise OptionError(f"parts: expected names with their landmarks, not {shown(parts)}")
    read = {str(name): _indices(f"parts.{name}", v, size) for name, v in parts.items()}
    if not isinstance(names, int):
        read = {name: (i,) for i, name in enumerate(names)} | read
    return read
