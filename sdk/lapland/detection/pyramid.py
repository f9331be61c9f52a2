"""The image at ever smaller sizes: detectors look for ever larger faces there.

All sizes are computed in whole numbers, by OpenCV's "exact" resizing, so that every processor
makes the same pixels.
"""

from collections.abc import Iterator
from typing import Any, Protocol

import cv2
import numpy as np
import numpy.typing as npt

Image = npt.NDArray[np.uint8]
Result = npt.NDArray[np.float32]

# An image is halved while the size that is wanted is smaller by at least twice this. So each size
# comes from an image 1.25 to 2.5 times as large. Each of its pixels is interpolated between
# 2 x 2 pixels there, which lie so near to one another that little between them is missed.
LEAST = 1.25
BITS = 7  # of a grey value, behind the point: levels keep fractions that 8 bits would lose


class Halves:
    """An image, its half, its quarter, ..., each computed when it is first needed.

    Args:
        image: (H, W, 3) uint8.
    """

    def __init__(self, image: Image) -> None:
        self.image = image
        self._halves = [np.ascontiguousarray(image)]

    def above(self, width: int, height: int) -> Image:
        """The smallest of them that is large enough to interpolate a size."""
        return self._half(self._above(width, height))

    def at(self, width: int, height: int) -> Image:
        """The image at a size, (height, width, 3) uint8."""
        number = self._above(width, height)
        image = self._half(number)
        if image.shape[1::-1] == (width, height):
            return image
        if _half_size(image) == (width, height):  # kept, as smaller sizes may come from it
            return self._half(number + 1)
        resized: Image = _resized(image, (width, height))
        return resized

    def _above(self, width: int, height: int) -> int:
        """How often the image is halved before a size is interpolated."""
        number, image = 0, self.image
        while min(image.shape[1] / width, image.shape[0] / height) >= 2 * LEAST:
            number += 1
            image = self._half(number)
        return number

    def _half(self, number: int) -> Image:
        """The image, halved so often; all before are there."""
        if number == len(self._halves):
            image = self._halves[-1]
            # The mean of 2 x 2 pixels if the size is even, and nearly that if it is odd.
            self._halves.append(_resized(image, _half_size(image)))
        return self._halves[number]


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
        level = deep if size == deep.shape[1::-1] else _resized(deep, size)
        yield scale, level * np.float32(1 / (1 << BITS))
        scale *= factor


def _half_size(image: Image) -> tuple[int, int]:
    return image.shape[1] // 2, image.shape[0] // 2


def _resized(image: Any, size: tuple[int, int]) -> Any:
    return cv2.resize(image, size, interpolation=cv2.INTER_LINEAR_EXACT)
