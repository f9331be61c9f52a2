"""Chips: upright faces of one size, cut by a template, as recognition networks take them.

| layout | template | as in |
|---|---|---|
| `arcface` | five points, for 112 or 128 pixels and multiples | insightface's `norm_crop` |
| `dlib` | 33 of the 68 points, a quarter of the face as margin | dlib's `get_face_chip` |
| `portrait` | five points, the whole head with some background | |

The similarity to the template is the least-squares one (Umeyama, PAMI 1991). `arcface` samples
bilinearly, as its original does, so that networks see the pixels that they were trained on; the
other two average over the pixels that one chip pixel covers.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from ..base.errors import OptionError, shown
from ..crop.five_points import as_complex
from ..crop.square import cut

Floats = NDArray[np.float64]
LAYOUTS = ("arcface", "dlib", "portrait")

# Left eye, right eye, nose, left and right corner of the mouth in a chip of 112 pixels.
_ARCFACE = np.array(
    [
        [38.2946, 51.6963],
        [73.5318, 51.5014],
        [56.0252, 71.7366],
        [41.5493, 92.3655],
        [70.7299, 92.2041],
    ]
)
_PORTRAIT = np.array([[0.36, 0.46], [0.64, 0.46], [0.5, 0.615], [0.39, 0.745], [0.61, 0.745]])
# dlib's mean shape of points 27 to 54 and 60 to 64, in the square about points 17 to 67.
_DLIB_POINTS = (*range(27, 55), *range(60, 65))
_DLIB_X = """.490127 .490127 .490127 .490127 .36688 .426036 .490127 .554217 .613373 .121737 .187122
    .265825 .334606 .260918 .182743 .645647 .714428 .793132 .858516 .79751 .719335 .254149 .340985
    .428858 .490127 .551395 .639268 .726104 .290379 .428096 .490127 .552157 .689874"""
_DLIB_Y = """.203352 .307009 .409805 .515625 .587326 .609345 .628106 .609345 .587326 .216423 .178758
    .179852 .231733 .245099 .244077 .231733 .179852 .178758 .216423 .244077 .245099 .780233 .745405
    .727388 .742578 .727388 .745405 .780233 .784792 .778746 .785343 .778746 .784792"""
_DLIB = np.array([_DLIB_X.split(), _DLIB_Y.split()], np.float64).T
_PADDING = 0.25  # dlib's default
_SIZES = range(8, 4097)


@dataclass(frozen=True, eq=False)
class Chips:
    """N upright faces. Iteration and `chips[0]` give an image.

    Attributes:
        images: (N, size, size, 3) uint8 BGR; black beyond the photo.
        matrices: (N, 2, 3) float64, image pixels -> chip pixels.
        inverses: (N, 2, 3) float64, chip pixels -> image pixels.
    """

    images: NDArray[np.uint8]
    matrices: Floats
    inverses: Floats

    def __len__(self) -> int:
        return len(self.images)

    def __iter__(self) -> Iterator[NDArray[np.uint8]]:
        return iter(self.images)

    def __getitem__(self, index: int) -> NDArray[np.uint8]:
        image: NDArray[np.uint8] = self.images[index]
        return image


def cut_chips(
    image: NDArray[np.uint8],
    landmarks: NDArray[Any],
    five_points: NDArray[Any],
    size: int,
    layout: str,
) -> Chips:
    """Chips of all faces.

    Args:
        image: (H, W, 3) uint8 BGR.
        landmarks: (N, K, 2), image pixels; 68 points for `dlib`.
        five_points: (N, 5, 2), image pixels: left eye, right eye, nose, corners of the mouth.
        size: side of a chip, pixels.
        layout: one of `LAYOUTS`.

    Raises:
        OptionError: the layout is unknown, or the size does not suit it.
    """
    if not isinstance(layout, str) or layout not in LAYOUTS:
        raise OptionError(
            f"layout must be one of {', '.join(map(repr, LAYOUTS))}, not {shown(layout)}"
        )
    if not isinstance(size, int) or size not in _SIZES:
        raise OptionError(f"size: expected a whole number of 8 to 4096 pixels, not {shown(size)}")
    if layout == "dlib":
        # dlib fits the template to the photo, whose errors then count in photo pixels.
        template = np.broadcast_to(_dlib_template(size), (len(landmarks), len(_DLIB_POINTS), 2))
        inverses = similarities(template, landmarks[:, _DLIB_POINTS])
        matrices = inverse(inverses)
    else:
        matrices = similarities(five_points, _five_template(layout, size))
        inverses = inverse(matrices)
    images = np.zeros((len(matrices), size, size, 3), np.uint8)
    for chip, there, back in zip(images, matrices, inverses, strict=True):
        if layout == "arcface":
            chip[:] = cv2.warpAffine(image, there, (size, size), borderValue=0.0)
        else:
            chip[:] = cut(image, back, size)
    return Chips(images, matrices, inverses)


def similarities(points: NDArray[Any], goals: NDArray[Any]) -> Floats:
    """(N, P, 2) points -> (N, 2, 3): turn, scale and shift that bring them nearest to their goals.

    In the plane, with points as complex numbers, Umeyama's solution is one quotient. Points that
    coincide are moved to the middle of the goals and not scaled.

    Args:
        points: (N, P, 2).
        goals: (N, P, 2), or (P, 2) for all.
    """
    here, there = as_complex(points), as_complex(goals)
    middle = here.mean(axis=1, keepdims=True)
    target = there.mean(axis=-1, keepdims=True)
    around, goal = here - middle, there - target
    power = (np.abs(around) ** 2).sum(axis=1)
    turn = np.ones(len(here), np.complex128)
    np.divide((around.conj() * goal).sum(axis=1), power, out=turn, where=power > 1e-12)
    shift = (target - turn[:, None] * middle)[:, 0]
    matrices = np.empty((len(here), 2, 3))
    matrices[:, 0] = np.stack([turn.real, -turn.imag, shift.real], axis=-1)
    matrices[:, 1] = np.stack([turn.imag, turn.real, shift.imag], axis=-1)
    return matrices


def inverse(matrices: Floats) -> Floats:
    """The (N, 2, 3) affine matrices that undo others; a matrix that scales to nothing gives 0."""
    linear, shift = matrices[:, :, :2], matrices[:, :, 2]
    area = linear[:, 0, 0] * linear[:, 1, 1] - linear[:, 0, 1] * linear[:, 1, 0]
    adjoint = np.stack(
        [
            np.stack([linear[:, 1, 1], -linear[:, 0, 1]], axis=-1),
            np.stack([-linear[:, 1, 0], linear[:, 0, 0]], axis=-1),
        ],
        axis=1,
    )
    back = np.divide(
        adjoint, area[:, None, None], out=np.zeros_like(adjoint), where=area[:, None, None] != 0
    )
    return np.concatenate([back, -(back @ shift[..., None])], axis=-1)


def _five_template(layout: str, size: int) -> Floats:
    return _arcface_template(size) if layout == "arcface" else _PORTRAIT * size - 0.5


def _arcface_template(size: int) -> Floats:
    """The rule of insightface: multiples of 112 scale the points, of 128 also shift them by 8."""
    if size % 112 == 0:
        return _ARCFACE * (size / 112)
    if size % 128 == 0:
        shifted: Floats = (_ARCFACE + np.array([8.0, 0.0])) * (size / 128)
        return shifted
    raise OptionError(
        f"size: expected a multiple of 112 or 128 for the layout 'arcface', not {size}; "
        "the layout 'portrait' takes any size"
    )


def _dlib_template(size: int) -> Floats:
    # dlib counts from the corner of the first pixel, not from its centre.
    return (_PADDING + _DLIB) / (2 * _PADDING + 1) * size - 0.5
