"""A frame, its time, and the time since the frame before."""

import math
import time as times
import warnings
from collections.abc import Callable
from typing import NamedTuple

from ..base.checks import real_number
from ..base.errors import OptionError, shown
from ..image.loading import Image
from .smoothing import FRAME

_LEAST, _MOST = 1e-6, 1e6  # shortest and longest step, seconds
# If a face stays in so many frames in a row, so many seconds apart, time is likely in milliseconds.
_FAR, _FAR_FRAMES = 4.0, 5


class Step(NamedTuple):
    """The step from one frame to the next.

    Attributes:
        first: whether there was no frame before.
        now: its time, seconds.
        seconds: since the frame before, above 0 and finite; 1/30 if that is not known.
    """

    first: bool
    now: float
    seconds: float


class Frame(NamedTuple):
    """One frame of the video.

    Attributes:
        image: (H, W, 3) uint8 BGR.
        step: its time.
        cut: whether it may start another scene.
    """

    image: Image
    step: Step
    cut: bool


class Clock:
    """Counts the time of one video.

    Args:
        machine: seconds, read if a frame comes without its time; None for 1/30 a frame.
    """

    def __init__(self, machine: Callable[[], float] | None = None) -> None:
        self._machine = machine
        self._ticked = 0.0  # by the machine's clock
        self._now = 0.0
        self._started = False
        self._far = 0  # frames in a row that came after many seconds
        self._checked_at = times.monotonic()

    def tick(self, time: object) -> Step:
        """The next frame, with its time in seconds, or None.

        Raises:
            OptionError: the time is not a number, or goes back. The clock does not change.
        """
        ticked = 0.0 if self._machine is None else self._machine()
        passed = FRAME if self._machine is None else max(ticked - self._ticked, 0.0)
        now, first = self._checked(time, passed), not self._started
        seconds = now - self._now if not first and now > self._now else FRAME
        self._now, self._ticked, self._started = now, ticked, True
        return Step(first, now, min(max(seconds, _LEAST), _MOST))

    def check(self, step: Step, *, faces_stay: bool) -> None:
        """Warns if times look like milliseconds: faces stay through steps of many seconds."""
        before, self._checked_at = self._checked_at, times.monotonic()
        passed = self._checked_at - before  # a machine may really be so slow
        far = step.seconds >= max(_FAR, 4 * passed) and not step.first and faces_stay
        self._far = self._far + 1 if far else 0
        if self._far == _FAR_FRAMES:
            warnings.warn(
                f"{_FAR_FRAMES} frames in a row are {step.seconds:g} s apart, and faces stay; is "
                "time= in seconds?",
                stacklevel=4,  # the caller of `update`, which is wrapped
            )

    def _checked(self, time: object, passed: float) -> float:
        if time is None:
            return self._now + passed if self._started else 0.0
        now = real_number(time)
        if not math.isfinite(now):
            raise OptionError(f"time must be a number of seconds, or None, not {shown(time)}")
        if self._started and now < self._now:
            raise OptionError(
                f"time must not go back: {now} s after {self._now} s; for another video, or after "
                "a jump back in this one, call reset() first"
            )
        return now
