"""A first scheme from the names of landmarks: pairs, groups and the five points, as far as clear.

What cannot be guessed is left empty, to be completed by hand.
"""

import re
from typing import Any

_SIDES = (("left", "right"), ("Left", "Right"), ("LEFT", "RIGHT"), ("l", "r"), ("L", "R"))
_GROUPS = ("jaw", "brow", "eye", "nose", "mouth", "lip", "chin", "ear")
# Words in the names of what stands for MTCNN's five points, and words that do not.
_FIVE = (
    ("left", ("eye",), ("brow",)),
    ("right", ("eye",), ("brow",)),
    ("", ("nose",), ()),
    ("left", ("mouth", "lip"), ()),
    ("right", ("mouth", "lip"), ()),
)


def draft(name: str, names: tuple[str, ...]) -> dict[str, Any]:
    """The definition of a scheme as `lapland.schemes.definition` reads it, maybe incomplete."""
    pairs = _pairs(names)
    corners = _outer_corners(names)
    return {
        "name": name,
        "landmarks": list(names),
        "groups": _groups(names),
        "contours": [],
        "pairs": pairs,
        "five": [_standing_for(names, *words) for words in _FIVE],
        "eye_corners": corners,
    }


def _words(name: str) -> list[str]:
    return [word.lower() for word in re.findall(r"[A-Za-z][a-z]*|\d+", name)]


def _pairs(names: tuple[str, ...]) -> list[list[int]]:
    """Indices whose names differ by left and right alone."""
    pairs = []
    for i, name in enumerate(names):
        parts = re.split(r"([_\W]+)", name)
        for left, right in _SIDES:
            other = "".join(right if part == left else part for part in parts)
            if other != name and other in names:
                pairs.append([i, names.index(other)])
    return pairs


def _groups(names: tuple[str, ...]) -> dict[str, list[int]]:
    groups: dict[str, list[int]] = {}
    for i, name in enumerate(names):
        lower = name.lower()
        group = next((g for g in _GROUPS if g in lower), "others")
        groups.setdefault(group, []).append(i)
    return groups


def _standing_for(
    names: tuple[str, ...], side: str, parts: tuple[str, ...], without: tuple[str, ...]
) -> list[int]:
    found = []
    for i, name in enumerate(names):
        lower, words = name.lower(), _words(name)
        here = not side or side in words or side[0] in words
        if here and any(p in lower for p in parts) and not any(w in lower for w in without):
            found.append(i)
    return found


def _outer_corners(names: tuple[str, ...]) -> list[int] | None:
    outer = [
        [i for i in _standing_for(names, side, ("eye",), ("brow",)) if "outer" in names[i].lower()]
        for side in ("left", "right")
    ]
    return [outer[0][0], outer[1][0]] if all(len(side) == 1 for side in outer) else None
