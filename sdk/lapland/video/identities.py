"""Identities: a new face is one of those that were lost, or one that never was there."""

from collections.abc import Sequence

import numpy as np

from .matching import Points, overlaps, squares
from .portrait import Picture
from .track import Track

SAME_PLACE = 0.2  # least overlap (IoU) of two faces at one place
# Least likeness of a new face to a lost one that make them one person, anywhere in the frame. Of
# pairs of different people in YouTube Faces 3 % are as alike; of pairs from one clip 82 %.
ALIKE = 0.8
# The same for a face that comes back at a likely place, and near it, within so many seconds and in
# the same scene. A quarter of the pairs of people of 300-W are as alike as the first: a new
# identity is better than a wrong one.
ALIKE_HERE, ALIKE_NEAR, _HERE_FOR = 0.55, 0.7, 2.0
_NEAR = 1.5  # sides of the face's square
# How much more alike the best of several lost faces must be than the next one.
_MARGIN = 0.05


class Identities:
    """Gives numbers to faces, and keeps those of lost ones for a while.

    Args:
        memory: time in seconds that a lost face keeps its number.
    """

    def __init__(self, memory: float) -> None:
        self._memory = memory
        self._lost: list[Track] = []
        self._next = 0

    def name(
        self, track: Track, picture: Picture, now: float, others: Sequence[Track] = ()
    ) -> None:
        """Gives a face the identity of the lost one that it is clearly most like, or a new one.

        Args:
            track: the face.
            picture: how it looks.
            now: seconds.
            others: faces that are followed. One that is like them is none that was lost: the track
                of a face that passes another may have changed to that.
        """
        self._lost = [lost for lost in self._lost if now - lost.lost_at <= self._memory]
        likenesses = [  # above 0: it may be that one
            lost.looks.likeness(picture) - needed_likeness(track.five_points, lost, now)
            for lost in self._lost
        ]
        best, second = ([*sorted(likenesses, reverse=True), -1.0, -1.0])[:2]
        clear = best >= 0 and best - second >= _MARGIN
        same = self._lost[likenesses.index(best)] if clear else None
        followed = max((other.looks.likeness(picture) for other in others), default=-1.0)
        if same is not None and same.looks.likeness(picture) >= followed:
            self._lost.remove(same)
            track.named(same.id, same.looks, picture)
        else:
            track.named(self._next, None, picture)
            self._next += 1

    def lose(self, track: Track, now: float, *, cut: bool = False) -> None:
        """Keeps a face that was lost, after a `cut` for its looks alone."""
        track.lost(now, cut)
        self._lost.append(track)


def needed_likeness(five_points: Points, lost: Track, now: float) -> float:
    """Least likeness of a face at this place to one out of sight, to be the same."""
    places = lost.places(now)
    if not len(places) or now - lost.lost_at > _HERE_FOR:
        return ALIKE
    if overlaps(five_points[None], places).max() >= SAME_PLACE:
        return ALIKE_HERE
    here, there = squares(five_points[None])[0], squares(places)
    distances = np.abs(here[:2] + here[2:] - there[:, :2] - there[:, 2:]).max(axis=1) / 2
    near = distances <= _NEAR * (there[:, 2] - there[:, 0])
    return ALIKE_NEAR if near.any() else ALIKE
