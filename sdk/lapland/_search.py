"""The search of whole frames for faces, in a thread beside the frames."""

import os
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._image import Image
from ._mtcnn import Mtcnn
from ._tracks import Points, Track

# Five points (N, 5, 2) and scores (N,) of the faces that were found.
Found = tuple[Points, NDArray[np.float32]]
# Each track of the frame that was searched, with its five points (5, 2) there.
Known = list[tuple[Track, Points]]


def search(mtcnn: Mtcnn, image: Image) -> Found:
    """Every face of a frame."""
    _, scores, points = mtcnn.detect(image)
    return points.astype(np.float64), scores


class Searcher:
    """Searches one frame at a time in a thread, which ends with this object or at `close`."""

    def __init__(self) -> None:
        self._thread: ThreadPoolExecutor | None = None
        self._under_way: tuple[Future[Found], Known] | None = None
        self._process = os.getpid()

    @property
    def busy(self) -> bool:
        """Whether a search was begun whose result nobody took."""
        self._leave_parent()
        return self._under_way is not None

    def begin(self, mtcnn: Any, image: Image, known: Known) -> None:
        """Begins to search a frame, of which the caller may overwrite the pixels."""
        self._leave_parent()
        if self._thread is None:
            self._thread = ThreadPoolExecutor(1, thread_name_prefix="lapland-tracker")
        self._under_way = self._thread.submit(search, mtcnn, image.copy()), known

    def take(self) -> tuple[Found, Known] | None:
        """What a search has found, once it has ended; None before, and where there is none."""
        if self._under_way is None or not self._under_way[0].done():
            return None
        future, known = self._under_way
        self._under_way = None
        return future.result(), known

    def wait(self) -> None:
        """Waits for the search that is under way, if any; its result is still to be taken."""
        self._leave_parent()
        if self._under_way is not None:
            self._under_way[0].exception()

    def forget(self) -> None:
        """Lets the search that is under way end in vain."""
        self._under_way = None

    def close(self) -> None:
        """Ends the thread, after what it may be at; `begin` starts another."""
        self._leave_parent()
        self.forget()
        if self._thread is not None:
            self._thread.shutdown(wait=True, cancel_futures=True)
            self._thread = None

    def _leave_parent(self) -> None:
        """In a forked process there is no thread, and no search that it would ever end."""
        if self._process != os.getpid():
            self._thread, self._under_way, self._process = None, None, os.getpid()
