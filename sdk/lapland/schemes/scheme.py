"""An annotation scheme: the meaning of each of K landmarks, as data.

Indices are 0-based. "Left" and "right" are sides of the image, as the viewer sees them, here and in
all of lapland.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..base.errors import OptionError, shown
from ..base.mappings import ReadOnly
from ..formats.coco import coco_category

Contour = tuple[tuple[int, ...], bool]


@dataclass(frozen=True, eq=False)
class Scheme:
    """An annotation scheme of K landmarks.

    Attributes:
        name: its name in the metadata of models.
        size: K.
        groups: name of each group -> its indices; together they hold each index once.
        contours: (indices in drawing order, whether the line closes).
        mirror: for each index, the index it becomes when the image is flipped left to right.
        five: for each of MTCNN's five points (left eye, right eye, nose, left and right corner of
            the mouth), the indices whose mean stands for it.
        eye_corners: the two outer corners of the eyes: errors are divided by their distance. None
            divides them by the square root of the area of the face's box.
        parts: name of each part -> its indices, as `left_eye` or `chin`; parts may overlap.
    """

    name: str
    size: int
    groups: Mapping[str, tuple[int, ...]]
    contours: tuple[Contour, ...]
    mirror: tuple[int, ...]
    five: tuple[tuple[int, ...], ...]
    eye_corners: tuple[int, int] | None
    parts: Mapping[str, tuple[int, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in ("groups", "parts"):
            object.__setattr__(self, name, ReadOnly(getattr(self, name)))

    def part(self, name: str) -> tuple[int, ...]:
        """The indices of a part or group by its name.

        Raises:
            OptionError: the scheme has no part of this name; the message lists them.
        """
        known_name = isinstance(name, str)
        indices = (self.parts.get(name) or self.groups.get(name)) if known_name else None
        if indices is None:
            known = ", ".join(dict.fromkeys((*self.parts, *self.groups)))
            raise OptionError(f"part: {self.name} has no {shown(name)}; it has {known}")
        return indices

    def coco_category(self, category_id: int = 1) -> dict[str, Any]:
        """The entry in the `categories` of a COCO key point file.

        Landmarks are named by their group and index (`eyes_36`), the lines of `skeleton` are the
        contours, their ends counted from 1 as COCO does. `parts`, which COCO does not know, names
        the parts with their indices from 0.
        """
        category = coco_category(self.size, self.groups, self.contours, category_id)
        return category | {"parts": {name: list(i) for name, i in self.parts.items()}}


def span(first: int, last: int, step: int = 1) -> tuple[int, ...]:
    """The indices from the first to the last, both included; a step of -1 counts down."""
    return tuple(range(first, last + step, step))


def permutation(size: int, pairs: tuple[tuple[int, int], ...]) -> tuple[int, ...]:
    """The mirror of a scheme of this size, from the pairs that change places."""
    mirror = list(range(size))
    for left, right in pairs:
        mirror[left], mirror[right] = right, left
    return tuple(mirror)
