"""The image at ever smaller sizes: MTCNN looks for ever larger faces there."""

from collections.abc import Iterator
from typing import Protocol

import numpy as np

from ..crop.halves import Halves, resized
from .base import Image, Result

BITS = 7  # of a grey value, behind the point: levels keep fractions that 8 bits would lose


class Pyramid(Protocol):
    """A function that makes the levels of an image, as `pyramid` does."""

    def __call__(
        self, halves: Halves, *, scale: float, factor: float, smallest: int
    ) -> Iterator[tuple[float, Result]]:
        """Yields the scale of each level, and the level."""
        ...


def pyramid(
    halves: Halves, *, scale: float, factor: float, smallest: int
) -> Iterator[tuple[float, Result]]:
    """Levels of an image, from the largest to the last that is not too small.

    Each is interpolated from the image, or from its half, quarter, ..., that is little larger. So
    the time is that of one pass over the image and one over the levels. The package ``mtcnn`` takes
    the mean over the area of each pixel instead, which is one pass over the whole image for each
    level and takes longer than the three networks together; the faces that are found are the same.

    Args:
        halves: the image.
        scale: size of the first level relative to the image, at most 1.
        factor: size of each level relative to the one before.
        smallest: pixels that height and width of a level have at least.

    Yields:
        the scale of the level, and the level, (int(H * scale), int(W * scale), 3) float32.
    """
    height, width = halves.image.shape[:2]
    base: Image | None = None
    while min(int(height * scale), int(width * scale)) >= smallest:
        size = (int(width * scale), int(height * scale))
        if base is not (half := halves.above(*size)):
            base, deep = half, np.left_shift(half, BITS, dtype=np.uint16)
        level = deep if size == deep.shape[1::-1] else resized(deep, size)
        yield scale, level * np.float32(1 / (1 << BITS))
        scale *= factor
