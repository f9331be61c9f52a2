"""The orientation that EXIF states, and the turn that shows an image upright."""

import struct
from typing import Any

import numpy as np
from numpy.typing import NDArray

_ORIENTATION = 0x0112
_MOST_TAGS = 4096
_INTEGERS = {1: "B", 3: "H", 4: "I", 6: "b", 8: "h", 9: "i"}


def orientation(exif: bytes) -> int:
    """The orientation that a block of EXIF states.

    Args:
        exif: a TIFF header with its first directory, with or without `Exif` and two zeros before.

    Returns:
        1 to 8; 1 if the block states none, or is damaged.
    """
    exif = exif.removeprefix(b"Exif\0\0")
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(exif[:4])
    if order is None:
        return 1
    try:
        (at,) = struct.unpack_from(order + "I", exif, 4)
        (tags,) = struct.unpack_from(order + "H", exif, at)
        for number in range(min(tags, _MOST_TAGS)):
            tag, kind, count = struct.unpack_from(order + "HHI", exif, at + 2 + 12 * number)
            if tag == _ORIENTATION and count == 1 and kind in _INTEGERS:
                form = order + _INTEGERS[kind]
                (value,) = struct.unpack_from(form, exif, at + 10 + 12 * number)
                return value if 1 <= value <= 8 else 1
    except struct.error:  # the block ends within the directory
        pass
    return 1


def turned(image: NDArray[Any], orientation: int) -> NDArray[Any]:
    """The image as its orientation shows it.

    Args:
        image: (H, W) or (H, W, C) array as stored.
        orientation: 1 to 8, as EXIF counts: 2 is mirrored, 3 upside down, 4 both, 5 to 8 exchange
            rows and columns, of these 6 is turned clockwise and 8 anticlockwise.

    Returns:
        A contiguous array; the given one for orientation 1.
    """
    if orientation == 1:
        return image
    if orientation >= 5:
        image = image.swapaxes(0, 1)
    if orientation in (2, 3, 6, 7):
        image = image[:, ::-1]
    if orientation in (3, 4, 7, 8):
        image = image[::-1]
    return np.ascontiguousarray(image)
