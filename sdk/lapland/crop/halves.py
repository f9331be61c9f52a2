"""An image and its half, quarter, ..., each computed once: detectors and crops share them.

All sizes are computed in whole numbers, by OpenCV's "exact" resizing, so that every processor
makes the same pixels.
"""

from typing import Any

import cv2
import numpy as np

from ..image.loading import Image

# An image is halved while the size that is wanted is smaller by at least twice this. So each size
# comes from an image 1.25 to 2.5 times as large. Each of its pixels is interpolated between
# 2 x 2 pixels there, which lie so near to one another that little between them is missed.
LEAST = 1.25


class Halves:
    """An image, its half, its quarter, ..., each computed when it is first needed.

    Args:
        image: (H, W, 3) uint8.
    """

    def __init__(self, image: Image) -> None:
        self.image = image
        self._halves = [image]

    @classmethod
    def of(cls, photo: "Photo") -> "Halves":
        """An image with its halves: those that it comes with, or none yet."""
        return photo if isinstance(photo, cls) else cls(photo)  # type: ignore[arg-type]

    def above(self, width: int, height: int) -> Image:
        """The smallest of them that is large enough to interpolate a size."""
        return self._half(self._above(width, height))

    def at(self, width: int, height: int) -> Image:
        """The image at a size, (height, width, 3) uint8."""
        number = self._above(width, height)
        image = self._half(number)
        if image.shape[1::-1] == (width, height):
            return image
        if half_size(image) == (width, height):  # kept, as smaller sizes may come from it
            return self._half(number + 1)
        size: Image = resized(image, (width, height))
        return size

    def part(self, rows: slice, columns: slice, times: int) -> Image:
        """A part of the image, halved so often, from the half that is made if there is one.

        Args:
            rows: first and last; multiples of 2 ** times.
            columns: likewise.
            times: how often it is halved.
        """
        done = min(times, len(self._halves) - 1)
        if any(side % (1 << done) for side in self.image.shape[:2]):
            done = 0  # the halves of odd sides lie between the pixels
        top, bottom, left, right = (
            end >> done for end in (rows.start, rows.stop, columns.start, columns.stop)
        )
        part = self._halves[done][top:bottom, left:right]
        for _ in range(times - done):
            part = resized(part, half_size(part))
        return part

    def _above(self, width: int, height: int) -> int:
        """How often the image is halved before a size is interpolated."""
        number, image = 0, self.image
        while min(image.shape[1] / width, image.shape[0] / height) >= 2 * LEAST:
            number += 1
            image = self._half(number)
        return number

    def _half(self, number: int) -> Image:
        """The image, halved so often; all before are there."""
        if not number:
            # Of a view only parts may be wanted, so it is copied late, and once.
            self._halves[0] = np.ascontiguousarray(self._halves[0])
        if number == len(self._halves):
            image = self._halves[-1]
            # The mean of 2 x 2 pixels if the size is even, and nearly that if it is odd.
            self._halves.append(resized(image, half_size(image)))
        return self._halves[number]


Photo = Image | Halves


def half_size(image: Image) -> tuple[int, int]:
    """Width and height of the half of an image."""
    return image.shape[1] // 2, image.shape[0] // 2


def resized(image: Any, size: tuple[int, int]) -> Any:
    """An image at a size (width, height)."""
    return cv2.resize(image, size, interpolation=cv2.INTER_LINEAR_EXACT)
