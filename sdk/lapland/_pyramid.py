"""The image at ever smaller sizes, on which the P-Net looks for ever larger faces."""

from collections.abc import Iterator

import cv2
import numpy as np
import numpy.typing as npt

Image = npt.NDArray[np.uint8]
Result = npt.NDArray[np.float32]

# An image is halved while a level is at least twice this much smaller than it, so each level comes
# from an image 1.25 to 2.5 times its size.
LEAST = 1.25


def pyramid(
    image: Image, *, scale: float, factor: float, smallest: int
) -> Iterator[tuple[float, Result]]:
    """Levels of an image, from the largest to the last that is not too small.

    Each pixel is the mean over the area that it covers, in an image that has been halved until it
    is little larger than the level. The halves, in whole grey values, cost one pass over the image,
    and the levels then come from few pixels. The package ``mtcnn`` takes means over the image
    itself, one pass for each level, more than the three networks take together. The difference:
    at its edges an area takes in a pixel together with its neighbour in the half.

    Args:
        image: (H, W, 3) uint8.
        scale: size of the first level relative to the image, at most 1.
        factor: size of each level relative to the one before.
        smallest: pixels that height and width of a level have at least.

    Yields:
        the scale of the level, and the level, (int(H * scale), int(W * scale), 3) float32.
    """
    height, width = image.shape[:2]
    exact: Result | None = None  # the image, or its last half, in floating point
    while min(int(height * scale), int(width * scale)) >= smallest:
        size = (int(width * scale), int(height * scale))
        while min(image.shape[1] / size[0], image.shape[0] / size[1]) >= 2 * LEAST:
            half = (image.shape[1] // 2, image.shape[0] // 2)
            # The mean of 2 x 2 where the size is even, and as good as that where it is odd, for
            # which INTER_AREA takes ten times as long.
            image = cv2.resize(image, half, interpolation=cv2.INTER_LINEAR)  # type: ignore[assignment]
            exact = None
        if exact is None:
            exact = image.astype(np.float32)
        level: Result = cv2.resize(exact, size, interpolation=cv2.INTER_AREA)  # type: ignore[assignment]
        yield scale, level
        scale *= factor
