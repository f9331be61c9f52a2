"""A first scheme from the names of landmarks: pairs, groups and the five points, as far as clear.

The draft leaves unknown entries empty; complete them by hand. Left and right in names may be those
of the picture or, as in COCO, those of the person: mean places of the landmarks show which.
"""

import re
from typing import Any

import numpy as np
from numpy.typing import NDArray

# Whole parts of a name alone, as single letters occur in most words: `l_eye`, not `lip`.
_SIDES = (("left", "right"), ("Left", "Right"), ("LEFT", "RIGHT"), ("l", "r"), ("L", "R"))
# The first that occurs in a name: `eyebrow` is a brow because brows come before eyes.
_GROUPS = ("jaw", "brow", "eye", "nose", "mouth", "lip", "chin", "ear")
# A row for each of MTCNN's five points: side in the picture (0 is left), words in the names of its
# landmarks, and words that do not occur in them.
_FIVE = (
    (0, ("eye",), ("brow",)),
    (1, ("eye",), ("brow",)),
    (None, ("nose",), ()),
    (0, ("mouth", "lip"), ()),
    (1, ("mouth", "lip"), ()),
)


def draft(
    name: str, names: tuple[str, ...], places: NDArray[np.float64] | None = None
) -> dict[str, Any]:
    """The definition of a scheme as `lapland.schemes.definition` reads it, maybe incomplete.

    Args:
        name: name of the scheme.
        names: names of the landmarks.
        places: (K, 2) mean places of the landmarks, image pixels; None takes left and right as
            those of the picture.
    """
    pairs = _pairs(names)
    sides = ("left", "right")
    if places is not None and pairs:
        left, right = (places[[pair[i] for pair in pairs], 0] for i in (0, 1))  # (pairs,) x alone
        if np.nanmean(left - right) > 0:  # the person's left, on the right of the picture
            sides = ("right", "left")
    corners = _outer_corners(names, sides)
    return {
        "name": name,
        "landmarks": list(names),
        "groups": _groups(names),
        "contours": [],  # for drawings; names say nothing of them
        "pairs": pairs,
        "five": [
            _standing_for(names, "" if side is None else sides[side], parts, without)
            for side, parts, without in _FIVE
        ],
        "eye_corners": corners,
    }


def _words(name: str) -> list[str]:
    # `leftEye_2` -> left, eye, 2.
    return [word.lower() for word in re.findall(r"[A-Za-z][a-z]*|\d+", name)]


def _pairs(names: tuple[str, ...]) -> list[list[int]]:
    """Indices whose names differ by left and right alone."""
    pairs = []
    for i, name in enumerate(names):
        parts = re.split(r"([_\W]+)", name)  # with the separators, so that join gives the name back
        for left, right in _SIDES:
            other = "".join(right if part == left else part for part in parts)
            if other != name and other in names:
                # Once for each pair: only the name with the left side finds its counterpart.
                pairs.append([i, names.index(other)])
    return pairs


def _groups(names: tuple[str, ...]) -> dict[str, list[int]]:
    groups: dict[str, list[int]] = {}
    for i, name in enumerate(names):
        lower = name.lower()
        # "others" has all that no word names.
        group = next((g for g in _GROUPS if g in lower), "others")
        groups.setdefault(group, []).append(i)
    return groups


def _standing_for(
    names: tuple[str, ...], side: str, parts: tuple[str, ...], without: tuple[str, ...]
) -> list[int]:
    found = []
    for i, name in enumerate(names):
        lower, words = name.lower(), _words(name)
        here = not side or side in words or side[0] in words  # `left` or `l`
        if here and any(p in lower for p in parts) and not any(w in lower for w in without):
            found.append(i)
    return found


def _outer_corners(names: tuple[str, ...], sides: tuple[str, str]) -> list[int] | None:
    outer = [
        [i for i in _standing_for(names, side, ("eye",), ("brow",)) if "outer" in names[i].lower()]
        for side in sides
    ]
    # Left and right in the picture; None if one of them is not clear.
    return [outer[0][0], outer[1][0]] if all(len(side) == 1 for side in outer) else None
