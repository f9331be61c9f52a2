"""Identities: a new face is one of those that were lost, or one that never was there."""

from .matching import Points, overlaps, squares
from .portrait import Picture
from .track import Track

SAME_PLACE = 0.2  # overlap from which two faces are at one place
# Likeness from which a face is taken for the one that was lost, anywhere in the frame. Of pairs of
# different people in YouTube Faces 3 % are as alike; of pairs from one clip 82 %.
ALIKE = 0.8
# The same, if it comes back at its expected place, and near it, within so many seconds and in the
# same scene: then place says more than looks, which something in front of the face may still spoil.
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

    def name(self, track: Track, picture: Picture, now: float) -> None:
        """Gives a face the identity of the lost one that it is most like, or a new one."""
        self._lost = [lost for lost in self._lost if now - lost.lost_at <= self._memory]
        best, same = ALIKE, None
        for lost in self._lost:
            likeness = lost.looks.likeness(picture) + ALIKE - _needed(track.five_points, lost, now)
            if likeness >= best:
                best, same = likeness, lost
        if same is None:
            track.named(self._next, None, picture)
            self._next += 1
        else:
            track.named(same.id, same.looks, picture)
            self._lost.remove(same)

    def lose(self, track: Track, now: float, *, cut: bool = False) -> None:
        """Keeps a face that was lost, after a `cut` for its looks alone."""
        track.lost(now, cut)
        self._lost.append(track)


def _needed(five_points: Points, lost: Track, now: float) -> float:
    """Least likeness of a face at this place to a lost one, to be the same."""
    place = lost.expected(now)
    if place is None or now - lost.lost_at > _HERE_FOR:
        return ALIKE
    here, there = squares(five_points[None])[0], squares(place[None])[0]
    if overlaps(five_points[None], place[None])[0, 0] >= SAME_PLACE:
        return _ALIKE_HERE
    distance = abs((here[:2] + here[2:] - there[:2] - there[2:]) / 2).max()
    return _ALIKE_NEAR if distance <= _NEAR * (there[2] - there[0]) else ALIKE
