"""Video out: the file that is recorded."""

import errno
import shutil
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from ..base.errors import LaplandError, clipped
from .containers import look_into

# The formats of recordings, and their encoding: every build of OpenCV can write these.
FORMATS = {".mp4": "mp4v", ".mov": "mp4v", ".m4v": "mp4v", ".mkv": "mp4v", ".avi": "MJPG"}
# Bytes to leave free, and more for each frame: a file gets its table of contents at its end.
_ROOM, _ROOM_OF_FRAME = 1 << 20, 32
_LOOK = 64  # frames between two looks at the room


class Recording:
    """A video file of constant rate that keeps the time of every picture.

    Pictures are repeated while a source of variable rate is slow, and left out if two fall into one
    frame. The file is `NAME.part.mp4` until it is complete, and takes its name then: a killed
    program leaves that file, whose beginning players read, and any older file of the name. A block
    that ends with an error leaves it as well, complete until there.

    Args:
        path: its suffix is one of `FORMATS`.
        fps: frames a second.
        live: whether the source is live. In a film the last picture lasts as long as the shorter
            of the two before it.
    """

    def __init__(self, path: Path, fps: float, live: bool) -> None:
        self.path = path
        self.part = part_of(path)
        self._name = clipped(path)
        self._fps = fps
        self._live = live
        self._writer: Any = None
        self._size = (0, 0)
        self._written = 0
        self._picture: Any = None
        self._last = self._step = 0.0
        self._before = 0.0  # the step before

    def __enter__(self) -> "Recording":
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        if kind is None:
            self.close()
        elif self._writer is not None:
            self._writer.release()
            self._writer = None

    def write(self, picture: NDArray[np.uint8], seconds: float) -> None:
        """Adds a picture with its time, seconds from the first one.

        Raises:
            LaplandError: the file cannot be written.
        """
        if self._writer is None:
            self._open(picture)
        if picture.shape[1::-1] != self._size:
            picture = cv2.resize(picture, self._size)  # type: ignore[assignment]
        before = picture if self._picture is None else self._picture
        due = round(seconds * self._fps) - self._written  # frames of the picture before
        self._repeat(before, due)
        if round(seconds * self._fps) >= self._written:
            self._repeat(picture, 1)
        self._before, self._step = self._step, seconds - self._last
        self._last, self._picture = seconds, picture

    def _repeat(self, picture: Any, times: int) -> None:
        for _ in range(times):
            if self._written % _LOOK == _LOOK - 1:
                self._check_room()
            self._writer.write(picture)
            self._written += 1

    def _check_room(self) -> None:
        """Stops while there is room to complete the file: OpenCV reports no failure to write."""
        if shutil.disk_usage(self.part.parent).free < _ROOM + _ROOM_OF_FRAME * self._written:
            kept = f"; {self._written} frames are in {clipped(self.part)}" if self._written else ""
            raise LaplandError(f"{self._name}: the disk is full; make room, and try again{kept}")

    def _open(self, picture: NDArray[np.uint8]) -> None:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            if self.path.is_dir():
                raise IsADirectoryError(errno.EISDIR, "this is a folder")
            self.part.open("wb").close()
        except OSError as error:
            raise LaplandError(f"{self._name}: cannot be written ({error.strerror})") from error
        try:
            self._check_room()
        except LaplandError:
            self.part.unlink()
            raise
        self._size = (picture.shape[1], picture.shape[0])
        code = cv2.VideoWriter.fourcc(*FORMATS[self.path.suffix.lower()])
        self._writer = cv2.VideoWriter(str(self.part), code, self._fps, self._size)
        if not self._writer.isOpened():
            self._writer = None
            self.part.unlink(missing_ok=True)
            raise LaplandError(
                f"{self._name}: this OpenCV cannot write such a file; --record OUT.avi works "
                "everywhere"
            )

    def close(self) -> None:
        """Completes the file, and gives it its name.

        Raises:
            LaplandError: it is not complete, for example on a full disk.
        """
        if self._writer is None:
            return
        if not self._live:
            # A pause before it says nothing of how long it lasts.
            lasts = min(self._step, self._before) if self._before else self._step
            self._repeat(self._picture, round((self._last + lasts) * self._fps) - self._written)
        self._writer.release()
        self._writer = None
        there = _frames_in(self.part)  # OpenCV reports no failure to write
        if there < self._written or look_into(self.part).cut:
            rest = f"what there is lies in {clipped(self.part)}"
            if not there:  # no player reads it
                self.part.unlink(missing_ok=True)
                rest = "make room, and try again"
            raise LaplandError(
                f"{self._name}: {there} of {self._written} frames could be written (the disk is "
                f"full?); {rest}"
            )
        try:
            self.part.replace(self.path)
        except OSError as error:
            raise LaplandError(
                f"{self._name}: cannot be written ({error.strerror}); the recording is "
                f"{clipped(self.part)}"
            ) from error


def part_of(path: Path) -> Path:
    """Path of a recording until it is complete; OpenCV wants the suffix at the end."""
    return path.with_name(f"{path.stem}.part{path.suffix}")


def _frames_in(path: Path) -> int:
    capture = cv2.VideoCapture(str(path))
    try:
        return max(0, int(capture.get(cv2.CAP_PROP_FRAME_COUNT))) if capture.isOpened() else 0
    finally:
        capture.release()
