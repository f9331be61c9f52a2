"""Video in and out: cameras, files and streams, and the file that is recorded."""

import contextlib
import errno
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from ._errors import ImageError, ImageNotFoundError, LaplandError

# What can be recorded, and how it is encoded: what every build of OpenCV can write.
FORMATS = {".mp4": "mp4v", ".mov": "mp4v", ".m4v": "mp4v", ".mkv": "mp4v", ".avi": "MJPG"}
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


class Recording:
    """A video file of constant rate; of a camera whose rate varies it keeps the time.

    It is `NAME.part.mp4` until it is complete, and takes its name then: who is killed leaves that
    file, of which players read what they can, and one of the same name from before.
    """

    def __init__(self, path: Path, fps: float, live: bool) -> None:
        self.path = path
        self.part = part_of(path)
        self._fps = fps
        self._live = live
        self._writer: Any = None
        self._size = (0, 0)
        self._written = 0

    def __enter__(self) -> "Recording":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def write(self, picture: NDArray[np.uint8], seconds: float) -> None:
        """Adds a picture that was taken at that time."""
        if self._writer is None:
            self._open(picture)
        if picture.shape[1::-1] != self._size:
            picture = cv2.resize(picture, self._size)  # type: ignore[assignment]
        # Frames that a camera did not give are made up for, and those too many left out.
        due = round(seconds * self._fps) + 1 - self._written if self._live else 1
        for _ in range(due):
            self._writer.write(picture)
            self._written += 1

    def _open(self, picture: NDArray[np.uint8]) -> None:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            if self.path.is_dir():
                raise IsADirectoryError(errno.EISDIR, "this is a folder")
            self.part.open("wb").close()
        except OSError as error:
            raise LaplandError(f"{self.path}: cannot be written ({error.strerror})") from error
        self._size = (picture.shape[1], picture.shape[0])
        code = cv2.VideoWriter.fourcc(*FORMATS[self.path.suffix.lower()])
        self._writer = cv2.VideoWriter(str(self.part), code, self._fps, self._size)
        if not self._writer.isOpened():
            self._writer = None
            self.part.unlink(missing_ok=True)
            raise LaplandError(
                f"{self.path}: this OpenCV cannot write such a file; --record OUT.avi works "
                "everywhere"
            )

    def close(self) -> None:
        """Writes what makes the file complete, and gives it its name.

        Raises:
            LaplandError: it is not complete, as where the disk is full.
        """
        if self._writer is None:
            return
        self._writer.release()
        self._writer = None
        there = _frames_in(self.part)  # OpenCV says nothing where it could not write
        if there < self._written:
            raise LaplandError(
                f"{self.path}: {there} of {self._written} frames could be written (the disk is "
                f"full?); what there is lies in {self.part}"
            )
        try:
            self.part.replace(self.path)
        except OSError as error:
            raise LaplandError(
                f"{self.path}: cannot be written ({error.strerror}); the recording is {self.part}"
            ) from error


def part_of(path: Path) -> Path:
    """Where a recording lies until it is complete; OpenCV wants the suffix at the end."""
    return path.with_name(f"{path.stem}.part{path.suffix}")


def _frames_in(path: Path) -> int:
    capture = cv2.VideoCapture(str(path))
    try:
        return int(capture.get(cv2.CAP_PROP_FRAME_COUNT)) if capture.isOpened() else 0
    finally:
        capture.release()
