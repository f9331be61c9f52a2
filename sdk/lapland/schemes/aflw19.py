"""The 19 landmarks of AFLW."""

from .scheme import Scheme, permutation, span

AFLW19 = Scheme(
    name="aflw19",
    size=19,
    groups={
        "brows": span(0, 5),
        "eyes": span(6, 11),
        "nose": span(12, 14),
        "mouth": span(15, 17),
        "chin": (18,),
    },
    contours=(
        (span(0, 2), False),  # left brow
        (span(3, 5), False),  # right brow
        (span(6, 8), False),  # left eye: corner, centre, corner
        (span(9, 11), False),  # right eye
        (span(12, 14), False),  # nose: left, centre, right
        (span(15, 17), False),  # mouth: corner, centre, corner
    ),
    mirror=permutation(
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
    parts={
        "left_brow": span(0, 2),
        "right_brow": span(3, 5),
        "left_eye": span(6, 8),
        "right_eye": span(9, 11),
        "nose_tip": (13,),
        "left_mouth_corner": (15,),
        "right_mouth_corner": (17,),
        "chin": (18,),
    },
)
"""AFLW's points as revised by Zhu et al. (CVPR 2016), who leave the lobes of the ears out."""
