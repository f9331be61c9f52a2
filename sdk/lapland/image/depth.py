"""Samples of more than 8 bits -> 8 bits.

Scanners and cameras store 10, 12 or 14 bits in 16. How many there are stands in the file, or the
largest sample shows it. An image is never stretched beyond its bits, so that a dark one stays dark.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

_BITS = (8, 10, 12, 14, 16)
_WIDE_BITS = (*_BITS, 24, 32)
_OVERSHOOT = 1.03  # of lossy formats, above white
_FLAT = 0.5  # correlation of neighbouring pixels; that of photos is above 0.9, that of noise 0


class DepthError(ValueError):
    """Samples whose range is not known, or which are no numbers."""


def eight_bits(
    samples: NDArray[Any], greatest: int | None = None
) -> tuple[NDArray[np.uint8], str | None]:
    """Converts samples to 8 bits.

    Args:
        samples: an array of integers or floats. Floats reach from 0 to 1, or to the greatest
            integer of 8 bits or more; the largest sample shows how many bits.
        greatest: the greatest value that the file states; None takes the number of bits that the
            largest sample needs, of 8, 10, 12, 14, 16, 24 and 32.

    Returns:
        The samples as uint8, and a note if fewer bits are used than are stored.

    Raises:
        DepthError: a float is NaN or infinite, or the range is none of these.
    """
    if samples.dtype == np.uint8 and greatest in (None, 255):
        return samples, None
    if samples.dtype.kind == "f":
        return _from_floats(samples)
    stored = samples.dtype.itemsize * 8
    if samples.dtype.kind == "i":
        if samples.size and samples.min() < 0:  # the middle of the range is 0
            unsigned = samples.view(f"u{samples.dtype.itemsize}") ^ (1 << (stored - 1))
            return (unsigned >> (stored - 8)).astype(np.uint8), None
        stored -= 1
        samples = samples.view(f"u{samples.dtype.itemsize}")
    largest = int(samples.max(initial=0))
    if greatest is None or greatest * _OVERSHOOT < largest:
        bits = next(bits for bits in _WIDE_BITS if largest < _OVERSHOOT * (1 << bits))
        bits = min(bits, stored)
        if bits < stored and _is_noise(samples):
            bits = stored
    elif greatest & (greatest + 1) == 0 and greatest >= 255:
        bits = greatest.bit_length()
    else:
        scaled = samples * np.float32(255 / greatest)
        return scaled.round().clip(0, 255).astype(np.uint8), None
    shift = bits - 8
    wide = samples >> shift if shift >= 0 else samples << -shift
    eight = np.minimum(wide, 255).astype(np.uint8)
    note = f"its {stored}-bit samples are below {1 << bits} and read as {bits} bits"
    return eight, note if bits < stored and greatest is None else None


def _from_floats(samples: NDArray[Any]) -> tuple[NDArray[np.uint8], str | None]:
    if not np.isfinite(samples).all():
        raise DepthError("floats that are NaN or infinite")
    largest = float(samples.max(initial=0))
    for bits in (1, *_BITS):
        greatest = (1 << bits) - 1
        # Filters overshoot a little, and highlights of a linear image may exceed 1.
        if largest <= (2 if bits == 1 else greatest * 1.01):
            scaled = samples * (255 / greatest)
            note = f"its floats are below {1 << bits} and read as {bits} bits" if bits > 8 else None
            return scaled.round().clip(0, 255).astype(np.uint8), note
    raise DepthError(f"floats of up to {largest:.4g}; expected 0 to 1, to 255 or to 65535")


def _is_noise(samples: NDArray[Any]) -> bool:
    """Whether neighbouring pixels have nothing in common: to stretch these shows noise alone."""
    plane = samples if samples.ndim == 2 else samples[..., min(1, samples.shape[2] - 1)]
    if plane.shape[1] < 8:
        return False
    part = plane[:: -(-plane.shape[0] // 256), :2048].astype(np.float64)
    left, right = (side - side.mean() for side in (part[:, :-1], part[:, 1:]))
    spread = float(np.sqrt((left**2).mean() * (right**2).mean()))
    return spread > 0 and float((left * right).mean()) < _FLAT * spread
