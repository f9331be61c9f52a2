"""The search of whole frames for new faces: its time, its thread, and the new ones."""

import math
from collections.abc import Sequence

import numpy as np

from ..detection.base import FaceDetector
from .background import Background, Found, Known, search
from .clock import Frame
from .identities import SAME_PLACE
from .matching import overlaps, pairs
from .roster import Roster
from .track import Track

_HASTE, _SOON = 0.1, 0.2  # seconds between searches while a face is in doubt; after one was lost
_SOON_FOR = 1.0  # seconds


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

    def close(self) -> None:
        """Waits for the present search, and for its thread."""
        self._background.close()

    def wait(self) -> None:
        """Waits for the present search; the next frame takes its result."""
        self._background.wait()

    def newcomers(self, frame: Frame, roster: Roster) -> list[Track]:
        """Faces that a search found and no track follows; the others help their tracks.

        The search is one that has ended, or one of this frame if it is due.
        """
        if frame.step.first or not self._in_background:
            if not self._is_due(frame, roster):
                return []
            self._begun = frame.step.now
            found = search(self._face_detector, frame.image)
            return self._compare(found, _known(roster.tracks), frame, roster.tracks, late=False)
        result = self._background.take()
        return [] if result is None else self._compare(*result, frame, roster.tracks, late=True)

    def start(self, frame: Frame, roster: Roster) -> None:
        """Starts to search this frame in the background, if that is due."""
        if not self._in_background or self._background.busy:
            return
        if self._is_due(frame, roster):
            self._begun = frame.step.now
            self._background.begin(self._face_detector, frame.image, _known(roster.tracks))

    def _is_due(self, frame: Frame, roster: Roster) -> bool:
        if frame.cut or not roster.tracks:
            return True
        wait, now = self._every, frame.step.now
        if now - roster.last_loss <= _SOON_FOR:
            wait = min(wait, _SOON)
        if any(track.in_doubt for track in roster.tracks):
            wait = min(wait, _HASTE)
        return now - self._begun >= wait

    @staticmethod
    def _compare(
        found: Found, known: Known, frame: Frame, tracks: Sequence[Track], *, late: bool
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
                track.presence.not_found(frame.step.now)
        now = np.array([track.five_points for track in tracks]).reshape(-1, 5, 2)
        taken = overlaps(five, now).max(axis=1, initial=0.0) >= SAME_PLACE
        new = [row for row in range(len(five)) if row not in of_face and not taken[row]]
        return [Track(five[row], score=float(scores[row]), detected=not late) for row in new]


def _known(tracks: Sequence[Track]) -> Known:
    return [(track, track.five_points) for track in tracks]
