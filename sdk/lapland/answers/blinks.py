"""Blinks as events, from how far the eyes are open in each frame of a video.

Each face is compared with itself: its open level follows the widest openness of the last seconds.
The eyes shut when their mean openness falls below half of that level, and open again when it rises
above seven tenths. So a narrow eye, a network that opens closed eyes a little, and a head that
looks down change no count.
"""

import math
import operator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..base.checks import is_above_0, is_finite
from ..base.errors import OptionError, shown

_SHUT, _OPEN = 0.55, 0.72  # of the open level
_RISE, _FALL = 0.15, 4.0  # time constants of the level in seconds, for wider and narrower eyes
_LEAST_LEVEL = 0.35  # openness; eyes that were never wider are not counted
_GAP = 1.0  # seconds without a face after which its level starts anew
_FORGET = 60.0  # seconds after which a face that is gone is forgotten


@dataclass(frozen=True)
class Blink:
    """Eyes that were shut and are open again.

    Attributes:
        id: id of the face, from `Tracker`.
        start: time of the first frame with shut eyes, seconds.
        end: time of the first frame with open eyes again, seconds.
        openness: the least mean openness of both eyes meanwhile, in shares of the open level.
    """

    id: int
    start: float
    end: float
    openness: float

    @property
    def duration(self) -> float:
        """Seconds the eyes were shut. A blink takes 0.1 to 0.4; longer is drowsiness or sleep."""
        return self.end - self.start


@dataclass
class _Eyes:
    level: float
    seen: float
    frames: int = 1
    shut_since: float | None = None
    least: float = math.inf


class Blinks:
    """Counts the blinks of all faces of a video.

    Args:
        longest: seconds; eyes that stay shut longer give no `Blink` when they open again, as a gaze
            downwards does not. `shut_for` reports them while they are shut.

    Example:
        >>> tracker, blinks = Tracker(), Blinks()
        >>> for time, image in frames:
        ...     for blink in blinks.update(tracker.update(image, time), time):
        ...         print(blink.id, blink.duration)
    """

    def __init__(self, longest: float = 1.0) -> None:
        if not is_above_0(longest):
            raise OptionError(f"longest: expected seconds above 0, not {shown(longest)}")
        self._longest = longest
        self._eyes: dict[int, _Eyes] = {}
        self._counts: dict[int, int] = {}

    def update(self, faces: Any, time: float) -> list[Blink]:
        """Takes the faces of the next frame; returns the blinks that end with it.

        Args:
            faces: `Faces` with ids, from `Tracker.update`.
            time: time of the frame, seconds; later than that of the frame before.

        Raises:
            OptionError: they are no faces with ids, or the time is no number.
        """
        if not is_finite(time):
            raise OptionError(f"time: expected seconds, not {shown(time)}")
        if getattr(faces, "ids", None) is None:
            raise OptionError("faces: expected ids, from `Tracker.update`; these come without")
        openness = faces.eyes.openness.mean(axis=1) if len(faces) else np.zeros(0, np.float32)
        return self.add(faces.ids, openness, time)

    def add(self, ids: NDArray[Any], openness: NDArray[Any], time: float) -> list[Blink]:
        """As `update`, from (N,) ids and the (N,) mean openness of both eyes."""
        ended = []
        for identity, value in zip(ids.tolist(), openness.tolist(), strict=True):
            blink = self._step(identity, value, time)
            if blink is not None:
                self._counts[identity] = self._counts.get(identity, 0) + 1
                ended.append(blink)
        gone = [i for i, eyes in self._eyes.items() if time - eyes.seen > _FORGET]
        for identity in gone:
            del self._eyes[identity]
        return ended

    def count(self, identity: int) -> int:
        """Blinks of a face so far."""
        return self._counts.get(_index(identity), 0)

    def shut_for(self, identity: int) -> float:
        """Time in seconds that the eyes have been shut until the last frame; 0 if open."""
        eyes = self._eyes.get(_index(identity))
        if eyes is None or eyes.shut_since is None:
            return 0.0
        return eyes.seen - eyes.shut_since

    def _step(self, identity: int, value: float, time: float) -> Blink | None:
        eyes = self._eyes.get(identity)
        if eyes is None or time - eyes.seen > _GAP:
            self._eyes[identity] = _Eyes(value, time)
            return None
        seconds = max(time - eyes.seen, 0.0)
        eyes.seen = time
        eyes.frames += 1
        follow = _RISE if value > eyes.level else _FALL
        # Shut eyes do not show the level of open ones.
        if eyes.shut_since is None or value > eyes.level:
            eyes.level += (value - eyes.level) * (1 - math.exp(-seconds / follow))
        level = max(eyes.level, _LEAST_LEVEL)
        if eyes.shut_since is None:
            if value < _SHUT * level and eyes.level >= _LEAST_LEVEL:
                eyes.shut_since, eyes.least = time, value / level
            return None
        eyes.least = min(eyes.least, value / level)
        if value <= _OPEN * level:
            if time - eyes.shut_since > _FALL:  # shut for so long that the level may have changed
                eyes.level += (value - eyes.level) * (1 - math.exp(-seconds / _FALL))
            return None
        start, eyes.shut_since = eyes.shut_since, None
        if time - start > self._longest:
            return None
        return Blink(identity, start, time, eyes.least)


def _index(identity: Any) -> int:
    """The id of a face, also one of numpy's."""
    try:
        return operator.index(identity)
    except TypeError:
        raise OptionError(f"expected the id of a face, not {shown(identity)}") from None
