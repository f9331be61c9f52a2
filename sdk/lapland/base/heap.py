"""Memory that the C library keeps of what was freed."""

import ctypes
import functools
from collections.abc import Callable
from typing import Any


def give_back() -> None:
    """Returns free memory to the system, where the C library is glibc; elsewhere does nothing.

    After large photos glibc keeps hundreds of megabytes, in pieces between small ones in use.
    """
    trim = _trim()
    if trim is not None:
        trim(0)


@functools.cache
def _trim() -> Callable[[int], Any] | None:
    try:
        return ctypes.CDLL(None).malloc_trim
    except (OSError, AttributeError, TypeError):  # no glibc; Windows has no such handle
        return None
