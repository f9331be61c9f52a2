"""Identities: who a new face is, among those that were lost and those that never were there."""

import numpy as np
from numpy.typing import NDArray

from ._tracks import Points, Track, overlaps, squares

SAME_PLACE = 0.2  # overlap from which two faces are at one place
# Likeness from which a face is taken for the one that was lost, wherever it comes back. Of pairs of
# different people in YouTube Faces 3 % are as alike; of pairs from one clip 82 %.
ALIKE = 0.8
# The same, where it comes back at the place where it was expected, and near it, within so many
# seconds and in the same scene: then place says more than looks, which whatever covered the face
# may still spoil.
_ALIKE_HERE, _ALIKE_NEAR, _HERE_FOR = 0.2, 0.6, 2.0
_NEAR = 1.5  # sides of the face's square


class Identities:
    """Gives numbers to faces, and keeps those of lost ones for a while.

    Args:
        memory: seconds for which a lost face keeps its number.
    """

    def __init__(self, memory: float) -> None:
        self._memory = memory
        self._lost: list[Track] = []
        self._next = 0
        self.last_loss = -np.inf  # when a face was last lost, seconds

    def name(self, track: Track, looks: NDArray[np.float32], now: float) -> None:
        """Gives a face the identity of the lost one that it is most like, or a new one."""
        self._lost = [lost for lost in self._lost if now - lost.lost_at <= self._memory]
        best, who = ALIKE, None
        for lost in self._lost:
            likeness = lost.likeness(looks) + ALIKE - _needed(track.five, lost, now)
            if likeness >= best:
                best, who = likeness, lost
        if who is None:
            track.id, self._next = self._next, self._next + 1
        else:
            track.id, track.looks = who.id, who.looks
            self._lost.remove(who)
        track.remember(looks)

    def lose(self, track: Track, now: float, *, cut: bool = False) -> None:
        """Keeps a face that was lost, after a `cut` for its looks alone."""
        if cut:  # where it was says nothing of where it will be
            track.sure_five = None
        track.lost_at = self.last_loss = now
        self._lost.append(track)


def _needed(five: Points, lost: Track, now: float) -> float:
    """How alike a face at this place must be to a lost one to be it."""
    place = lost.expected(now)
    if place is None or now - lost.lost_at > _HERE_FOR:
        return ALIKE
    here, there = squares(five[None])[0], squares(place[None])[0]
    if overlaps(five[None], place[None])[0, 0] >= SAME_PLACE:
        return _ALIKE_HERE
    distance = np.abs((here[:2] + here[2:] - there[:2] - there[2:]) / 2).max()
    return _ALIKE_NEAR if distance <= _NEAR * (there[2] - there[0]) else ALIKE
