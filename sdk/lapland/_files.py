"""Files are read whole, but only regular ones, and none that is too large to be meant."""

import errno
import os
import stat
from pathlib import Path


def read_file(path: Path, most: int) -> bytes:
    """Reads a file.

    Args:
        path: of the file.
        most: bytes; a larger file is refused before anything of it is read.

    Raises:
        OSError: it cannot be read, is larger, or is a FIFO, a socket or a device, which might
            never end, or never begin.
        ValueError: there is a null character in the path.
    """
    with open(path, "rb", opener=_opened) as file:
        status = os.fstat(file.fileno())
        if not stat.S_ISREG(status.st_mode):
            raise OSError(errno.EINVAL, "a FIFO, socket or device; expected a regular file")
        if status.st_size > most:
            raise OSError(errno.EFBIG, f"{status.st_size} bytes, and {most} is the limit")
        return file.read(status.st_size)  # and no more, should it grow meanwhile


def _opened(path: str, flags: int) -> int:
    # Else a FIFO that nobody writes to would hold us up for ever. (Windows has neither.)
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))
