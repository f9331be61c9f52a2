"""Video in: cameras, files and streams."""

import contextlib
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from ..base.errors import ImageError, ImageNotFoundError

_USUAL_FPS = 30.0


@dataclass
class Source:
    """Frames of a camera, file or stream, with the time in seconds at which each was taken."""

    name: str
    live: bool
    capture: Any
    fps: float = field(init=False)

    def __post_init__(self) -> None:
        fps = float(self.capture.get(cv2.CAP_PROP_FPS))
        self.fps = fps if 1 <= fps <= 1000 else _USUAL_FPS

    def __iter__(self) -> Iterator[tuple[NDArray[np.uint8], float]]:
        start = time.monotonic()
        number = 0
        while True:
            there, image = self.capture.read()
            if not there:  # the end of the file, or a camera that was unplugged
                break
            yield image, (time.monotonic() - start if self.live else number / self.fps)
            number += 1
        if not number:
            raise ImageError(f"{self.name}: opened, but no frame came from it")


@contextlib.contextmanager
def opened(name: str) -> Iterator[Source]:
    """A camera by its number, a video file, or a stream by its URL.

    Raises:
        ImageError: it cannot be opened; `ImageNotFoundError` where there is no file.
    """
    _silence()
    if not is_live(name) and not Path(name).exists():
        raise ImageNotFoundError(
            f"{name}: there is no such file; --source takes the number of a camera, a video file, "
            "or a URL"
        )
    capture = cv2.VideoCapture(int(name)) if name.isdecimal() else cv2.VideoCapture(name)
    try:
        if not capture.isOpened():
            if name.isdecimal():
                raise ImageError(
                    f"camera {name} cannot be opened: it is not there, another program has it, or "
                    "you may not use it; --source takes another number, a video file, or a URL"
                )
            raise ImageError(f"{name}: OpenCV {cv2.__version__} cannot read this as a video")
        yield Source(name, is_live(name), capture)
    finally:
        capture.release()


def _silence() -> None:
    """OpenCV would say in its own words what is said here."""
    # OpenCV 4 has it in one place, 5 in another.
    set_level: Any = getattr(cv2, "setLogLevel", None) or cv2.utils.logging.setLogLevel
    set_level(0)  # LOG_LEVEL_SILENT


def is_live(source: str) -> bool:
    """Whether frames come when they come: from a camera or a stream, not from a file."""
    return source.isdecimal() or "://" in source
