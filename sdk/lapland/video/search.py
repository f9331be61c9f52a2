"""The search of whole frames for new faces: its time, its thread, and the new ones."""

import math
from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np

from ..detection.base import FaceDetector
from ..image.loading import Image
from .background import Background, Found, Known, search
from .clock import Step
from .identities import SAME_PLACE
from .matching import Points, overlaps, pairs
from .motion import extent
from .track import Track

_HASTE, _SOON = 0.1, 0.2  # seconds between searches while a face is in doubt; after one was lost
_SOON_FOR = 1.0  # seconds
# A search about a place: its reach, in longer sides of the five points (a face is 2.6 of them wide,
# and may move by more than its width in a frame); and the side of the shrunk face in pixels, small
# but found well by the detector. It takes some 3 ms, in an image of any size.
_REACH, _FACE_SIDE, _SHRUNK = 5.2, 2.6, 64


class Searcher:
    """Searches frames, and compares the faces there with those that are followed.

    Args:
        face_detector: searches a frame.
        every: seconds between searches while no face is in doubt.
        background: whether searching has its own thread; the frame waits for it otherwise.
    """

    def __init__(self, every: float, background: bool) -> None:
        self._every = every
        self._in_background = background
        self._background = Background()
        self.reset()

    def use(self, face_detector: FaceDetector) -> None:
        """Searches with this detector from now on."""
        self._face_detector = face_detector

    def reset(self) -> None:
        """Begins another video."""
        self._background.forget()
        self._begun = -math.inf  # when the last search began, seconds
        self._last_loss = -math.inf  # when a face was last lost, seconds

    def close(self) -> None:
        """Waits for the present search, and for its thread."""
        self._background.close()

    def wait(self) -> None:
        """Waits for the present search; the next frame takes its result."""
        self._background.wait()

    def lost_face(self, now: float) -> None:
        """A face was lost at this time: it may be found again soon."""
        self._last_loss = now

    def faces(self, image: Image, tracks: Sequence[Track], step: Step, cut: bool) -> list[Track]:
        """Newcomers: faces that a search found and no track follows; others help their tracks.

        The search is one that has ended, or one of this frame if it is due.
        """
        if step.first or not self._in_background:
            if not self._is_due(tracks, step, cut):
                return []
            self._begun = step.now
            found = search(self._face_detector, image)
            return self._compare(found, _known(tracks), tracks, step, late=False)
        result = self._background.take()
        return [] if result is None else self._compare(*result, tracks, step, late=True)

    def near(self, image: Image, five_points: Points) -> Points:
        """Faces of this frame about a place, found at once.

        Args:
            image: (H, W, 3) uint8 BGR.
            five_points: (5, 2), middle of the search, image pixels.

        Returns:
            (N, 5, 2), image pixels.
        """
        side, centre = max(extent(five_points), 1.0), five_points.mean(axis=0)
        left, top = np.maximum(np.floor(centre - _REACH * side), 0).astype(int).tolist()
        right, bottom = np.maximum(np.ceil(centre + _REACH * side), 0).astype(int).tolist()
        part = image[top:bottom, left:right]
        scale = min(1.0, _SHRUNK / (_FACE_SIDE * side))
        rows, columns = (round(length * scale) for length in part.shape[:2])
        if min(rows, columns) < 1:
            return np.zeros((0, 5, 2))
        small: Any = cv2.resize(part, (columns, rows), interpolation=cv2.INTER_AREA)
        five, _ = search(self._face_detector, small)
        # Pixel centres are whole numbers in both.
        pixel = np.array([part.shape[1] / columns, part.shape[0] / rows])
        found: Points = (five + 0.5) * pixel - 0.5 + np.array([left, top])
        return found

    def start(self, image: Image, tracks: Sequence[Track], step: Step, cut: bool) -> None:
        """Starts to search this frame in the background, if that is due."""
        if not self._in_background or self._background.busy:
            return
        if self._is_due(tracks, step, cut):
            self._begun = step.now
            self._background.begin(self._face_detector, image, _known(tracks))

    def _is_due(self, tracks: Sequence[Track], step: Step, cut: bool) -> bool:
        if cut or not tracks:
            return True
        wait = self._every
        if step.now - self._last_loss <= _SOON_FOR:
            wait = min(wait, _SOON)
        if any(track.in_doubt for track in tracks):
            wait = min(wait, _HASTE)
        return step.now - self._begun >= wait

    @staticmethod
    def _compare(
        found: Found, known: Known, tracks: Sequence[Track], step: Step, *, late: bool
    ) -> list[Track]:
        """Detected faces -> tracks of those that nobody follows; the others help their tracks.

        A `late` result is compared with the places of the tracks in the frame that was searched:
        that frame is some frames old, and faces have moved since. Otherwise the frame that was
        searched is the next that the tracks will see.
        """
        five, scores = found
        then = np.array([points for _, points in known]).reshape(-1, 5, 2)
        of_face = dict(pairs(overlaps(five, then), SAME_PLACE))
        for row, column in of_face.items():
            track, before = known[column]
            track.found(five[row], before, late)
        for column, (track, _) in enumerate(known):
            if column not in of_face.values():
                track.presence.not_found(step.now)
        now = np.array([track.five_points for track in tracks]).reshape(-1, 5, 2)
        taken = overlaps(five, now).max(axis=1, initial=0.0) >= SAME_PLACE
        new = [row for row in range(len(five)) if row not in of_face and not taken[row]]
        return [Track(five[row], score=float(scores[row]), detected=not late) for row in new]


def _known(tracks: Sequence[Track]) -> Known:
    return [(track, track.five_points) for track in tracks]
