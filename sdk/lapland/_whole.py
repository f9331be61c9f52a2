"""Files are written whole or not at all: beside their name first, and then put in its place."""

import os
import shutil
import threading
from pathlib import Path


def write_whole(path: Path, data: bytes) -> None:
    """Writes a file; who is killed meanwhile, or has no room left, leaves what was there before.

    A link is followed. What is no regular file, as `/dev/stdout`, is written to as it is.

    Raises:
        OSError: it cannot be written.
    """
    path = path.resolve()
    if path.exists() and not path.is_file():
        path.write_bytes(data)
        return
    # No other process or thread has this name, and what a killed one left is written over.
    part = path.with_name(f".lapland-{os.getpid()}-{threading.get_ident()}.part")
    try:
        part.write_bytes(data)
        if path.exists():
            shutil.copymode(path, part)
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
