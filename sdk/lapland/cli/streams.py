"""Standard streams that a command can write to, in any surrounding program.

A windowed program and a service have none (None), a shell may have closed them, and other programs
put objects in their place that can do nothing but write.
"""

import contextlib
import io
import os
import sys
from collections.abc import Iterator
from typing import Any


class _Stream(io.TextIOBase):
    """Writes to an object that has `write` alone, or to nothing."""

    def __init__(self, stream: Any = None) -> None:
        self._stream = stream

    def write(self, text: str, /) -> int:
        if self._stream is not None:
            self._stream.write(text)
        return len(text)

    def isatty(self) -> bool:
        return False

    def flush(self) -> None:
        if hasattr(self._stream, "flush"):
            self._stream.flush()


@contextlib.contextmanager
def usable_streams() -> Iterator[None]:
    """Puts streams that can be written to in the place of `sys.stdout` and `sys.stderr`."""
    _hold_descriptors()
    before = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = _usable(sys.stdout), _usable(sys.stderr)
    try:
        yield
    finally:
        sys.stdout, sys.stderr = before


def drop_output() -> None:
    """Nothing more is written to the standard output: its reader has gone, or the disk is full."""
    with contextlib.suppress(OSError, ValueError, AttributeError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)


def _usable(stream: Any) -> Any:
    if stream is None or not hasattr(stream, "write") or getattr(stream, "closed", False):
        return _Stream()
    if isinstance(stream, io.TextIOWrapper):
        # A file name that the terminal cannot show must not end the work on all the others.
        stream.reconfigure(errors="backslashreplace")
        return stream
    return stream if hasattr(stream, "isatty") and hasattr(stream, "flush") else _Stream(stream)


def _hold_descriptors() -> None:
    """Opens closed descriptors 0 to 2; else a file of results could get 2, and warnings in it."""
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            with contextlib.suppress(OSError):
                os.open(os.devnull, os.O_RDWR)  # gets the lowest that is free
