"""Files are read whole, and written whole or not at all.

Devices are refused, and files too large to be meant. A file is written beside its name first, and
then put in its place.
"""

import contextlib
import errno
import itertools
import os
import shutil
import stat
import threading
from collections.abc import Iterator
from pathlib import Path

_count = itertools.count()  # a thread may replace two files of one folder at a time


def read_file(path: Path, most: int, *, fifo: bool = False) -> bytes:
    """Reads a file.

    Args:
        path: the file to read.
        most: bytes; a larger file is refused before anything of it is read.
        fifo: whether a FIFO is waited for and read, as a shell's `<(command)` is one.

    Raises:
        OSError: it cannot be read, is larger, or is a socket or a device, which might never end.
        ValueError: there is a null character in the path.
    """
    with open(path, "rb", opener=None if fifo else _opened) as file:
        status = os.fstat(file.fileno())
        if fifo and stat.S_ISFIFO(status.st_mode):
            data = file.read(most + 1)
            if len(data) > most:
                raise OSError(errno.EFBIG, f"more than {most} bytes, which is the limit")
            return data
        if not stat.S_ISREG(status.st_mode):
            raise OSError(errno.EINVAL, "a FIFO, socket or device; expected a regular file")
        if status.st_size > most:
            raise OSError(errno.EFBIG, f"{status.st_size} bytes, and {most} is the limit")
        return file.read(status.st_size)  # and no more, should it grow meanwhile


def read_start(path: Path, size: int) -> bytes:
    """The first bytes of a file; none of a FIFO, socket or device.

    Raises:
        OSError: it cannot be read.
    """
    with open(path, "rb", opener=_opened) as file:
        return file.read(size) if stat.S_ISREG(os.fstat(file.fileno()).st_mode) else b""


def _opened(path: str, flags: int) -> int:
    # Else a FIFO that nobody writes to would hold us up for ever. (Windows has neither.)
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Gives a path beside `path` to write to, and puts the file in its place at the end.

    If the block raises, the process is killed or the disk is full, the old file stays. Follows
    links, and keeps the mode of the old file. Gives the path itself if it is there and is not a
    regular file, as `/dev/stdout`.

    Raises:
        OSError: the file cannot take its place.
    """
    path = path.resolve()
    if path.exists() and not path.is_file():
        yield path
        return
    # No other process or thread uses this name.
    name = f".lapland-{os.getpid()}-{threading.get_ident()}-{next(_count)}.part"
    part = path.with_name(name)
    try:
        yield part
        if path.exists():
            shutil.copymode(path, part)
        part.replace(path)
    except BaseException as error:
        part.unlink(missing_ok=True)
        # A full disk is said of no file, or of the temporary name. Errors of ours have a text of
        # their own and no number.
        if isinstance(error, OSError) and error.errno and error.filename in (None, str(part)):
            error.filename = str(path)
        raise


def write_whole(path: Path, data: bytes) -> None:
    """Writes a file as `replacing` does.

    Raises:
        OSError: it cannot be written.
    """
    with replacing(path) as part:
        part.write_bytes(data)


def write_text(path: Path, text: str) -> None:
    """Writes a text in UTF-8 as `replacing` does.

    Raises:
        OSError: it cannot be written.
    """
    write_whole(path, text.encode())
