"""Searches of whole frames for faces, each in a thread beside the frames."""

import _thread
import os
import threading
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..detection.base import FaceDetector
from ..image.loading import Image
from .matching import Points
from .track import Track

# Five points (N, 5, 2) and scores (N,) of the faces that were found.
Found = tuple[Points, NDArray[np.float32]]
# Each track of the frame that was searched, with its five points (5, 2) there.
Known = list[tuple[Track, Points]]


def search(face_detector: FaceDetector, image: Image) -> Found:
    """Every face of a frame."""
    _, scores, points = face_detector.detect(image)
    return points.astype(np.float64), scores


class _Search:
    """One search in a thread of its own, after the search before it.

    Ctrl-C may come between any two steps of the main thread, within `threading`, `queue` and
    `concurrent.futures`, too. It can leave their locks held for ever, and then every thread that
    wants one waits for ever. So the thread of the frames takes no lock but one for sleeping.
    """

    def __init__(
        self, face_detector: Any, image: Image, known: Known, before: "_Search | None"
    ) -> None:
        self.known = known
        self.found: Found | None = None
        self.error: BaseException | None = None
        self.ended = False
        self._task: tuple[Any, Image] | None = (face_detector, image)
        self._before = before
        self._running = threading.Lock()
        self._running.acquire()
        self._thread = threading.Thread(target=self._run, name="lapland-tracker")

    def begin(self) -> None:
        """Starts the thread."""
        # `Thread.start` holds a lock that the new thread needs. So another thread calls it, which
        # Ctrl-C does not reach.
        _thread.start_new_thread(self._start, ())

    def forget(self) -> None:
        """Cancels the search if it has not begun."""
        self._task = None

    def wait(self) -> None:
        """Waits for the end."""
        # If an interrupt leaves the lock held, waiters notice the end within 0.1 s.
        while not self.ended:
            if self._running.acquire(timeout=0.1):
                self._running.release()

    def join(self) -> None:
        """Waits until the thread is gone."""
        self.wait()
        if self._thread.ident is not None:  # else it could not be started
            self._thread.join()

    def _start(self) -> None:
        try:
            self._thread.start()
        except RuntimeError as error:  # there are too many threads, or Python ends
            self._end(error)

    def _run(self) -> None:
        error: BaseException | None = None
        try:
            if self._before is not None:
                self._before.wait()
            if (task := self._task) is not None:
                self.found = search(*task)
        except BaseException as caught:  # `take` raises it
            error = caught
        self._end(error)

    def _end(self, error: BaseException | None) -> None:
        self.error, self._task, self._before = error, None, None
        self.ended = True
        self._running.release()


class Background:
    """Searches one frame at a time, each in a thread that ends with its search."""

    def __init__(self) -> None:
        self._under_way: _Search | None = None
        self._last: _Search | None = None  # begun, and perhaps forgotten
        self._process = os.getpid()

    @property
    def busy(self) -> bool:
        """Whether a search was begun whose result nobody took."""
        self._leave_parent()
        return self._under_way is not None

    def begin(self, face_detector: Any, image: Image, known: Known) -> None:
        """Begins to search a copy of a frame."""
        self._leave_parent()
        begun = _Search(face_detector, image.copy(), known, self._last)
        begun.begin()
        # If an interrupt comes before this line, nobody takes the result.
        self._under_way = self._last = begun

    def take(self) -> tuple[Found, Known] | None:
        """The result of the search once it has ended; None before, and without a search."""
        done = self._under_way
        if done is None or not done.ended:
            return None
        self._under_way = None
        if done.error is not None:
            raise done.error
        assert done.found is not None
        return done.found, done.known

    def wait(self) -> None:
        """Waits for the present search, if any; `take` gives its result."""
        self._leave_parent()
        if self._under_way is not None:
            self._under_way.wait()

    def forget(self) -> None:
        """Drops the present search and its result."""
        if self._under_way is not None:
            self._under_way.forget()
        self._under_way = None

    def close(self) -> None:
        """Waits for the last search, dropped or not."""
        self._leave_parent()
        self.forget()
        if self._last is not None:
            self._last.join()
            self._last = None

    def _leave_parent(self) -> None:
        """In a forked process there is no thread, and no search that it would ever end."""
        if self._process != os.getpid():
            self._under_way, self._last, self._process = None, None, os.getpid()
