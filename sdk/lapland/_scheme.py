"""Annotation schemes as data: the 68 points of Multi-PIE and 300-W, the 19 of AFLW.

Indices are 0-based.
"Left" and "right" are sides of the image, as the viewer sees them, here and in all of lapland.
"""

from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

Contour = tuple[tuple[int, ...], bool]


@dataclass(frozen=True, eq=False)
class Scheme:
    """An annotation scheme of K landmarks.

    Attributes:
        name: what models name it by in their metadata.
        size: K.
        groups: name of each group -> its indices; together they hold each index once.
        contours: (indices in drawing order, whether the line closes).
        mirror: for each index, the index it becomes when the image is flipped left to right.
        five: for each of MTCNN's five points (left eye, right eye, nose, left and right corner of
            the mouth), the indices whose mean stands for it.
        eye_corners: the two outer corners of the eyes, whose distance is what errors are divided
            by; None divides them by the square root of the area of the face's box.
    """

    name: str
    size: int
    groups: MappingProxyType[str, tuple[int, ...]]
    contours: tuple[Contour, ...]
    mirror: tuple[int, ...]
    five: tuple[tuple[int, ...], ...]
    eye_corners: tuple[int, int] | None

    def coco_category(self, category_id: int = 1) -> dict[str, Any]:
        """The entry in the `categories` of a COCO key point file.

        Landmarks are named by their group and index (`eyes_36`), the lines of `skeleton` are the
        contours, their ends counted from 1 as COCO does.
        """
        from ._adapters import coco_category

        return coco_category(self, category_id)

    def __reduce__(self) -> tuple[Any, ...]:
        # Pickled by name: a mappingproxy cannot be pickled, and there is one object of each scheme.
        return scheme_named, (self.name,)


def _run(first: int, last: int) -> tuple[int, ...]:
    return tuple(range(first, last + 1))


_MIRROR_PAIRS = (
    *((i, 16 - i) for i in range(8)),  # jaw, about the chin at 8
    *((i, 43 - i) for i in range(17, 22)),  # brows
    *((31, 35), (32, 34)),  # nostrils, about 33; the bridge 27..30 stays
    *((36, 45), (37, 44), (38, 43), (39, 42), (40, 47), (41, 46)),  # eyes
    *((48, 54), (49, 53), (50, 52), (55, 59), (56, 58)),  # outer lips, about 51 and 57
    *((60, 64), (61, 63), (65, 67)),  # inner lips, about 62 and 66
)


def _permutation(size: int, pairs: tuple[tuple[int, int], ...]) -> tuple[int, ...]:
    mirror = list(range(size))
    for left, right in pairs:
        mirror[left], mirror[right] = right, left
    return tuple(mirror)


IBUG68 = Scheme(
    name="ibug68",
    size=68,
    groups=MappingProxyType(
        {
            "jaw": _run(0, 16),
            "brows": _run(17, 26),
            "nose": _run(27, 35),
            "eyes": _run(36, 47),
            "mouth": _run(48, 67),
        }
    ),
    contours=(
        (_run(0, 16), False),  # jaw
        (_run(17, 21), False),  # left brow
        (_run(22, 26), False),  # right brow
        (_run(27, 30), False),  # bridge of the nose
        (_run(31, 35), False),  # nostrils
        (_run(36, 41), True),  # left eye
        (_run(42, 47), True),  # right eye
        (_run(48, 59), True),  # outer lips
        (_run(60, 67), True),  # inner lips
    ),
    mirror=_permutation(68, _MIRROR_PAIRS),
    five=(_run(36, 41), _run(42, 47), (30,), (48,), (54,)),
    eye_corners=(36, 45),
)

AFLW19 = Scheme(
    name="aflw19",
    size=19,
    groups=MappingProxyType(
        {
            "brows": _run(0, 5),
            "eyes": _run(6, 11),
            "nose": _run(12, 14),
            "mouth": _run(15, 17),
            "chin": (18,),
        }
    ),
    contours=(
        (_run(0, 2), False),  # left brow
        (_run(3, 5), False),  # right brow
        (_run(6, 8), False),  # left eye: corner, centre, corner
        (_run(9, 11), False),  # right eye
        (_run(12, 14), False),  # nose: left, centre, right
        (_run(15, 17), False),  # mouth: corner, centre, corner
    ),
    mirror=_permutation(
        19,
        (
            *((i, 5 - i) for i in range(3)),  # brows
            *((i, 17 - i) for i in range(6, 9)),  # eyes
            *((12, 14), (15, 17)),  # about the middle of nose and mouth
        ),
    ),
    five=((7,), (10,), (13,), (15,), (17,)),
    # A profile shows one eye, so AFLW's errors are relative to the box.
    eye_corners=None,
)
"""AFLW's points as revised by Zhu et al. (CVPR 2016), who leave the lobes of the ears out."""

SCHEMES: MappingProxyType[str, Scheme] = MappingProxyType(
    {scheme.name: scheme for scheme in (IBUG68, AFLW19)}
)


def scheme_named(name: str) -> Scheme:
    """The scheme of that name."""
    return SCHEMES[name]
