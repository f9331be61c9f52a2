"""Progress of a long run, and counts in words."""

import time
from typing import TextIO


def counted(number: int, noun: str) -> str:
    """1 photo, 2 photos."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


class Progress:
    """Shows the number of photos done: live on a terminal, elsewhere a line now and then.

    Args:
        stream: where to say so.
        total: number of photos.
        before: how many of them an earlier run has done.
        noun: plural name of the items, if they are not photos.
    """

    _WAIT = 2.0  # seconds; a quick run needs no display
    _TERMINAL, _ELSEWHERE = 0.5, 30.0  # seconds between two displays

    def __init__(self, stream: TextIO, total: int, before: int = 0, noun: str = "photos") -> None:
        self._stream, self._total, self._before, self._noun = stream, total, before, noun
        self._live = hasattr(stream, "isatty") and stream.isatty()
        self._done = 0
        self._first = self._shown = time.monotonic()  # time of the first photo

    def step(self) -> None:
        """Counts one more photo."""
        self._done += 1
        now = time.monotonic()
        if self._done == 1:  # the start takes time that later photos do not
            self._first = self._shown = now
        every = self._TERMINAL if self._live else self._ELSEWHERE
        if now - self._first > self._WAIT and now - self._shown > every:
            self._shown = now
            text = self._text((self._done - 1) / (now - self._first))
            self._stream.write(f"\r{text}\x1b[K\r" if self._live else f"lapland: {text}\n")
            self._stream.flush()

    def close(self) -> None:
        """Takes the display off a terminal."""
        if self._live:
            self._stream.write("\x1b[K")
            self._stream.flush()

    def _text(self, rate: float) -> str:
        done = self._before + self._done
        minutes, second = divmod(round((self._total - done) / max(rate, 1e-9)), 60)
        hour, minute = divmod(minutes, 60)
        clock = f"{hour}:{minute:02d}:{second:02d}" if hour else f"{minute}:{second:02d}"
        return f"{done} of {self._total} {self._noun}, {rate:.1f}/s, {clock} left"
