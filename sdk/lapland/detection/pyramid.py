"""The image at ever smaller sizes, on which the P-Net looks for ever larger faces."""

from collections.abc import Iterator
from typing import Protocol

import cv2
import numpy as np
import numpy.typing as npt

Image = npt.NDArray[np.uint8]
Result = npt.NDArray[np.float32]

# An image is halved while a level is at least twice this much smaller than it, so each level comes
# from an image 1.25 to 2.5 times its size. There the 2 x 2 pixels between which each of its own is
# interpolated lie near enough to one another to miss little of what is between.
LEAST = 1.25


class Pyramid(Protocol):
    """A function that makes the levels of an image, as `pyramid` does."""

    def __call__(
        self, image: Image, *, scale: float, factor: float, smallest: int
    ) -> Iterator[tuple[float, Result]]:
        """See `pyramid`."""
        ...


def pyramid(
    image: Image, *, scale: float, factor: float, smallest: int
) -> Iterator[tuple[float, Result]]:
    """Levels of an image, from the largest to the last that is not too small.

    Each is interpolated from the image, or from its half, quarter, ..., that is little larger. So
    the time is that of one pass over the image and one over the levels. The package ``mtcnn`` takes
    the mean over the area of each pixel instead, which is one pass over the whole image for each
    level and takes longer than the three networks together; the faces that are found are the same.

    Args:
        image: (H, W, 3) uint8.
        scale: size of the first level relative to the image, at most 1.
        factor: size of each level relative to the one before.
        smallest: pixels that height and width of a level have at least.

    Yields:
        the scale of the level, and the level, (int(H * scale), int(W * scale), 3) float32.
    """
    height, width = image.shape[:2]
    base: Result | None = None  # the image, or its last half, in floating point
    while min(int(height * scale), int(width * scale)) >= smallest:
        size = (int(width * scale), int(height * scale))
        while min(image.shape[1] / size[0], image.shape[0] / size[1]) >= 2 * LEAST:
            half = (image.shape[1] // 2, image.shape[0] // 2)
            # The mean of 2 x 2 pixels where the size is even, and nearly that where it is odd.
            image = cv2.resize(image, half, interpolation=cv2.INTER_LINEAR)  # type: ignore[assignment]
            base = None
        if base is None:
            base = image.astype(np.float32)
        level: Result = cv2.resize(base, size, interpolation=cv2.INTER_LINEAR)  # type: ignore[assignment]
        yield scale, level
        scale *= factor
