"""The 68 landmarks of Multi-PIE and 300-W."""

from ..base.errors import OptionError
from .scheme import Scheme, permutation, span

_MIRROR_PAIRS = (
    *((i, 16 - i) for i in range(8)),  # jaw, about the chin at 8
    *((i, 43 - i) for i in range(17, 22)),  # brows
    *((31, 35), (32, 34)),  # nostrils, about 33; the bridge 27..30 stays
    *((36, 45), (37, 44), (38, 43), (39, 42), (40, 47), (41, 46)),  # eyes
    *((48, 54), (49, 53), (50, 52), (55, 59), (56, 58)),  # outer lips, about 51 and 57
    *((60, 64), (61, 63), (65, 67)),  # inner lips, about 62 and 66
)
_PARTS = {
    "jaw": span(0, 16),
    "left_brow": span(17, 21),
    "right_brow": span(22, 26),
    "nose_bridge": span(27, 30),
    "nostrils": span(31, 35),
    "left_eye": span(36, 41),
    "right_eye": span(42, 47),
    "outer_lips": span(48, 59),
    "inner_lips": span(60, 67),
    "upper_lip": (*span(48, 54), *span(64, 60, -1)),  # closed outlines, in drawing order
    "lower_lip": (48, 60, *span(67, 64, -1), *span(54, 59)),
    "without_jaw": span(17, 67),  # the 51 points
    "chin": (8,),
    "nose_tip": (30,),
    "left_eye_outer_corner": (36,),
    "left_eye_inner_corner": (39,),
    "right_eye_inner_corner": (42,),
    "right_eye_outer_corner": (45,),
    "left_mouth_corner": (48,),
    "right_mouth_corner": (54,),
}
IBUG68 = Scheme(
    name="ibug68",
    size=68,
    groups={
        "jaw": span(0, 16),
        "brows": span(17, 26),
        "nose": span(27, 35),
        "eyes": span(36, 47),
        "mouth": span(48, 67),
    },
    contours=(
        (span(0, 16), False),  # jaw
        (span(17, 21), False),  # left brow
        (span(22, 26), False),  # right brow
        (span(27, 30), False),  # bridge of the nose
        (span(31, 35), False),  # nostrils
        (span(36, 41), True),  # left eye
        (span(42, 47), True),  # right eye
        (span(48, 59), True),  # outer lips
        (span(60, 67), True),  # inner lips
    ),
    mirror=permutation(68, _MIRROR_PAIRS),
    five=(span(36, 41), span(42, 47), (30,), (48,), (54,)),
    eye_corners=(36, 45),
    parts=_PARTS,
)


def expect_68(scheme: Scheme, answer: str) -> None:
    """Raises OptionError if the landmarks are not those of `IBUG68`, which an answer needs."""
    if scheme is not IBUG68:
        raise OptionError(
            f"{answer}: expected the 68 landmarks of IBUG68, not those of {scheme.name}"
        )
