"""Memory that the program freed and the C library keeps."""

import ctypes
import functools
from collections.abc import Callable
from typing import Any

# Bytes of images: one that leaves hundreds of megabytes behind, and one that leaves tens.
_HUGE, _LARGE = 12_000_000, 2_000_000
FACE_BYTES = 150_000  # of the work on a face, its crop, portraits and maps
LOADED = 20  # bytes that loading a network takes for a while, for each byte of its file
_SMALLER, _SOON = 4, 16  # large images are over when so many came that were so much smaller


class Trimmer:
    """Gives memory back when large images are over; several threads may call it.

    After large images glibc keeps hundreds of megabytes, in pieces between small ones in use. To
    return them takes milliseconds, and so does taking them anew: a row of images of one size,
    such as a video, is spared that. What a large network takes while it is loaded counts as such
    an image.
    """

    def __init__(self) -> None:
        self._most = 0  # bytes of the largest image since memory went back
        self._small = 0  # smaller images in a row since

    def after(self, size: int, *, alone: bool = True) -> None:
        """Notes the end of the work on an image.

        Args:
            size: its bytes, and those of the work on its faces.
            alone: False for a frame among many of its size.
        """
        self._small = self._small + 1 if size * _SMALLER <= self._most else 0
        self._most = max(self._most, size)
        if self._small >= _SOON:
            self.end()
        elif alone and size >= _HUGE:
            give_back()  # and again when it is over: the caller may still hold it

    def end(self) -> None:
        """Notes the end of a row of images."""
        large = self._most >= _LARGE
        self._most = self._small = 0
        if large:
            give_back()


trimmer = Trimmer()  # memory is the whole process's


def give_back() -> None:
    """Returns free memory to the system if the C library is glibc; does nothing otherwise."""
    trim = _trim()
    if trim is not None:
        trim(0)


@functools.cache
def _trim() -> Callable[[int], Any] | None:
    try:
        return ctypes.CDLL(None).malloc_trim
    except (OSError, AttributeError, TypeError):  # no glibc; Windows has no such handle
        return None
