"""Video in: cameras, files and streams."""

import contextlib
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from ..base.errors import ImageError, ImageNotFoundError, clipped
from ..base.files import read_start
from ..image.headers import begins_as_photo
from .containers import look_into

_USUAL_FPS = 30.0
_SLOWEST, _FASTEST = 1.0, 240.0  # frames a second of a recording
_SAMPLE = 120  # frames read to find the rate of a film
# Seconds that may be missing at the end of a whole film: containers that do not count their frames
# announce a duration, rounded, and the last frame has one that nobody knows.
_MISSING = 0.1
_DIGITS = 9  # of the number of a camera
_LARGEST_RATIO = 4.0  # sides of a pixel
# Two pictures may have one stamp, and a stamp may lie before another: time goes on by so much.
_LEAST_STEP = 0.001  # seconds
_RESET = 1.0  # a stamp so far back begins a new count, as where two films were joined
_FILMS = ("file:", "ftp:", "http:", "https:")  # URLs that may lead to a file


@dataclass
class Source:
    """Frames of a camera, file or stream, with the time of each in seconds.

    Args:
        name: as the user gave it.
        live: whether frames come in their own time, from a camera or a stream.
        capture: the open `cv2.VideoCapture`.
        clock: seconds; the time of live frames.

    Attributes:
        fps: frames a second that the container announces; 30 if that makes no sense.
        read: number of frames so far.
    """

    name: str
    live: bool
    capture: Any
    clock: Callable[[], float] = time.monotonic
    fps: float = field(init=False)
    read: int = field(init=False, default=0)

    def __post_init__(self) -> None:
        fps = float(self.capture.get(cv2.CAP_PROP_FPS))
        self.fps = fps if 1 <= fps <= 1000 else _USUAL_FPS
        self._announced = float(self.capture.get(cv2.CAP_PROP_FRAME_COUNT))
        self._duration = self._announced / fps if fps > 0 else 0.0
        self._pixel = self._pixel_ratio()
        self._first = self._stamp = self._last = self._step = 0.0
        self._stamped = False  # whether stamps change: the container has some
        self._ended = False

    def __iter__(self) -> Iterator[tuple[NDArray[np.uint8], float]]:
        while True:
            there, image = self.capture.read()
            if not there:  # the end of the file, or a camera that was unplugged
                break
            seconds = self._seconds()
            self._step, self._last = seconds - self._last, seconds
            self.read += 1
            yield self._square(image), seconds
        self._ended = True
        if not self.read:
            raise ImageError(f"{clipped(self.name)}: opened, but no frame came from it")

    def _seconds(self) -> float:
        """The time of the frame that was just read; those of a film come one after the other."""
        now = self.clock() if self.live else self.capture.get(cv2.CAP_PROP_POS_MSEC) / 1000
        if not self.read:
            self._first = self._stamp = now
            return 0.0
        self._stamped |= now != self._stamp
        self._stamp = now
        seconds = now - self._first
        if self.live or seconds > self._last:
            return seconds
        if not self._stamped:
            return self._last + 1 / self.fps
        if self._last - seconds < _RESET:
            return self._last + _LEAST_STEP
        seconds = self._last + 1 / self.fps
        self._first = now - seconds
        return seconds

    @property
    def missing(self) -> str | None:
        """Why the source ended too early; None if it has not, or nobody can know."""
        if not self._ended:
            return None
        if self.live:
            return f"the stream ended after {self.read} frames"
        container = look_into(Path(self.name))
        # A frame count may be a guess, from a duration and a rate: then times decide.
        duration = self._duration if container.shown is None else container.shown
        least = duration - max(_MISSING, 0.01 * duration)
        whole = self.read >= self._announced or self._last + self._step >= least
        if not container.cut and (whole or not container.counts):
            return None
        of = f" of {self._announced:.0f}" if not whole and self._announced >= 1 else ""
        return f"{self.read}{of} frames could be read; it ends early"

    def rate(self) -> float:
        """Frames a second of the fastest part of its beginning, for a recording.

        Containers announce the mean rate, or none: phones and screen recorders change it.
        """
        if self.live:
            return self.fps
        times = _stamps(self.name, _SAMPLE)
        steps = np.diff(times)
        steps = steps[steps > 1e-6]
        if not len(steps):
            return self.fps
        fast = steps[steps <= 1.2 * steps.min() + 0.0015]  # stamps may be whole milliseconds
        rate = 1 / float(fast.mean())
        rate = self.fps if abs(rate - self.fps) < 0.005 * self.fps else rate
        return float(min(max(rate, _SLOWEST), _FASTEST))

    def _pixel_ratio(self) -> float:
        """Width of a pixel by its height."""
        numerator = float(self.capture.get(cv2.CAP_PROP_SAR_NUM))
        denominator = float(self.capture.get(cv2.CAP_PROP_SAR_DEN))
        if numerator <= 0 or denominator <= 0:
            return 1.0
        ratio = numerator / denominator
        return ratio if 1 / _LARGEST_RATIO <= ratio <= _LARGEST_RATIO else 1.0

    def _square(self, image: Any) -> NDArray[np.uint8]:
        """The image with square pixels: DV and DVD have others, which squeeze faces."""
        if self._pixel == 1.0:
            return image  # type: ignore[no-any-return]
        height, width = image.shape[:2]
        if self._pixel > 1:
            size = round(width * self._pixel), height
        else:
            size = width, round(height / self._pixel)
        square: Any = cv2.resize(image, size, interpolation=cv2.INTER_LINEAR)
        return square  # type: ignore[no-any-return]


def _stamps(name: str, count: int) -> list[float]:
    """Times of the first frames of a file, seconds."""
    capture, times = cv2.VideoCapture(name), list[float]()
    try:
        while len(times) < count and capture.grab():
            times.append(capture.get(cv2.CAP_PROP_POS_MSEC) / 1000)
    finally:
        capture.release()
    return times


@contextlib.contextmanager
def opened(name: str) -> Iterator[Source]:
    """A camera by its number, a video file, or a stream by its URL.

    Raises:
        ImageError: it cannot be opened; `ImageNotFoundError` if there is no file.
    """
    _silence()
    said = clipped(name)
    if not is_live(name) and not _exists(name):
        raise ImageNotFoundError(
            f"{said}: there is no such file; expected a video file, the number of a camera, or a "
            "URL"
        )
    if _is_photo(name):
        raise ImageError(f"{said}: a photo, not a film; `lapland predict` takes photos")
    number = int(name[:_DIGITS]) if name.isdecimal() else None
    capture = cv2.VideoCapture(name if number is None else number)
    try:
        if not capture.isOpened():
            if name.isdecimal():
                raise ImageError(
                    f"camera {said} cannot be opened: it is not there, another program has it, or "
                    "you may not use it; give another number, a video file, or a URL"
                )
            raise ImageError(f"{said}: OpenCV {cv2.__version__} cannot read this as a video")
        film = name.lower().startswith(_FILMS) and capture.get(cv2.CAP_PROP_FRAME_COUNT) >= 1
        yield Source(name, is_live(name) and not film, capture)
    finally:
        capture.release()


def _exists(name: str) -> bool:
    """Whether there is such a file; there is none of a name that no file can have."""
    try:
        return Path(name).exists()
    except (OSError, ValueError):  # too long, or with a null character
        return False


def _is_photo(name: str) -> bool:
    """Whether a file is a photo, which OpenCV may read as a film of a single frame."""
    if is_live(name) or not Path(name).is_file() or not begins_as_photo(read_start(Path(name), 64)):
        return False
    capture = cv2.VideoCapture(name)  # animations, and films of JPEGs, have a second frame
    try:
        return not (capture.grab() and capture.grab())
    finally:
        capture.release()


def _silence() -> None:
    """Silences OpenCV's own messages on sources; lapland's errors say the same."""
    # OpenCV 4 has it in one place, 5 in another.
    set_level: Any = getattr(cv2, "setLogLevel", None) or cv2.utils.logging.setLogLevel
    set_level(0)  # LOG_LEVEL_SILENT


def is_live(source: str) -> bool:
    """Whether frames come when they come: from a camera or a stream, not from a file."""
    return source.isdecimal() or "://" in source
