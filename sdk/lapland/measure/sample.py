"""A photo of any size with one face in it, to measure on.

The face is that of Eileen Collins, cut from a photo by NASA that is in the public domain:
`examples/astronaut.png` of the repository, columns 120 to 343 and rows 10 to 233.
"""

from pathlib import Path

import cv2
import numpy as np

from ..base.errors import OptionError
from ..image.loading import Image, load_image

LEAST, LARGEST = 128, 8192  # pixels; of a side of the photo
FILE = Path(__file__).with_name("sample.jpeg")


def sample(width: int, height: int) -> Image:
    """The face, some 110 pixels high, in the middle of a background of blotches and noise.

    A plain background would take less time than a photo, since nothing in it resembles a face.

    Returns:
        (height, width, 3) uint8 BGR, the same at every call.

    Raises:
        OptionError: a side is out of range.
    """
    if not (LEAST <= width <= LARGEST and LEAST <= height <= LARGEST):
        raise OptionError(
            f"size must be from {LEAST}x{LEAST} to {LARGEST}x{LARGEST} pixels, not {width}x{height}"
        )
    face = load_image(FILE)
    side = min(width, height, len(face))
    if side < len(face):
        face = cv2.resize(face, (side, side), interpolation=cv2.INTER_AREA)  # type: ignore[assignment]
    photo = _background(width, height)
    left, top = (width - side) // 2, (height - side) // 2
    photo[top : top + side, left : left + side] = face
    return photo


def _background(width: int, height: int) -> Image:
    rng = np.random.default_rng(0)
    blotches = np.full((height, width, 3), 110, np.float32)
    for cell, weight in ((160, 45), (40, 16)):  # pixels, levels
        cells = (height // cell + 2, width // cell + 2, 1)
        grey = rng.normal(0, weight, cells) + rng.normal(0, 4, (*cells[:2], 3))
        size = (width, height)
        blotches += cv2.resize(grey.astype(np.float32), size, interpolation=cv2.INTER_CUBIC)
    noise = rng.standard_normal((height, width, 3), np.float32) * 8
    return (blotches + noise).clip(0, 255).astype(np.uint8)
