"""The tracks of one video: which faces are followed, which are lost, and who is who."""

from collections.abc import Sequence

import numpy as np

from ..detection.portrait import FACE
from ..image.loading import Image
from .clock import Step
from .follower import Follower
from .identities import ALIKE, ALIKE_HERE, ALIKE_NEAR, SAME_PLACE, Identities
from .matching import Points, meetings, overlaps
from .portrait import Picture
from .search import Searcher
from .smoothing import Smoother, Strength
from .track import Track

# Largest mean scale of a new face that the O-Net is sure of, relative to the tracker's `unsure`.
# With the width 1/4-lite, 9 % of the places without a face have less, with 1/2-lite 35 %.
_ADMITTED, _SURE_FACE = 1.2, 0.9
_TWINS = 0.4  # overlap of two tracks that follow one face


class Roster:
    """The faces that are followed.

    Args:
        searcher: searches for faces that are not at their expected place.
        memory: time in seconds that a lost face keeps its identity.

    Attributes:
        tracks: one for each face, ordered by identity.
    """

    def __init__(self, searcher: Searcher, memory: float) -> None:
        self._searcher, self._memory = searcher, memory
        self.reset()

    def reset(self) -> None:
        """Forgets all faces."""
        self.tracks: list[Track] = []
        self._identities = Identities(self._memory)

    def use(self, follower: Follower, strength: Strength | None) -> None:
        """Continues with these networks, and smooths so much from now on."""
        self._follower, self._strength = follower, strength
        for track in self.tracks:
            track.smooth_with(Smoother(strength))

    def check(self, image: Image, step: Step, cut: bool) -> None:
        """Looks at faces that are in question; ends lost tracks, and one of two that are twins."""
        self._meet()
        for track in list(self.tracks):
            if track not in self.tracks:  # its face was seen at the place of another one
                continue
            if not track.is_inside(image):
                if not self._recover(image, track, step, cut):
                    self._lose(track, step)
            elif cut or track.rivals or track.is_look_due(step.now):
                self._look(image, track, step, cut)
        if len(self.tracks) > 1:
            self._part_twins(image, step)

    def _look(self, image: Image, track: Track, step: Step, cut: bool) -> None:
        picture = self._follower.look(image, track, step.now)
        seen = track.presence.score >= FACE
        other = cut and track.looks.likeness(picture) < ALIKE
        if (other or not seen or track.fit.unsure) and self._recover(image, track, step, cut):
            return
        if other and seen:
            # Another face, at the same place.
            self._lose(track, step, cut)
            self._name(track.without_identity(), picture, step)
        elif track.presence.is_lost or (cut and not seen):
            self._lose(track, step, cut)
        elif track.rivals and seen and not cut:
            self._decide(image, track, picture, step)
        elif not track.in_doubt and not track.is_uneasy:
            track.remember(picture)

    def _meet(self) -> None:
        """Faces that come near one another may be mistaken for each other until they part."""
        if len(self.tracks) < 2:
            return
        before = np.array([track.motion_before.five_points for track in self.tracks])
        for pair in meetings(_stacked(self.tracks), before):
            one, other = (self.tracks[i] for i in pair)
            one.meet(other)
            other.meet(one)

    def _decide(self, image: Image, track: Track, picture: Picture, step: Step) -> None:
        """Whose face a track has that was near others: its own, or that of another."""
        itself = track.is_itself(picture)
        if itself is False:
            for rival in track.rivals:  # whose face it may be, and who may have none any more
                if rival in self.tracks and rival.is_look_due(step.now):
                    self._follower.look(image, rival, step.now)
            self._lose(track, step)
            others = _stacked(self.tracks)
            if (overlaps(track.five_points[None], others) < _TWINS).all():
                self._welcome(track.without_identity(), picture, step)
        elif itself and not self._is_near_rival(track):
            track.settled()

    def _is_near_rival(self, track: Track) -> bool:
        near = [rival for rival in track.rivals if rival in self.tracks]
        five = _stacked([track, *near])
        return any(i == 0 for i, _ in meetings(five, five))

    def _recover(self, image: Image, track: Track, step: Step, cut: bool) -> bool:
        """Searches for a face that is not at its expected place; True if it is near."""
        return self._seek(image, track, step, ALIKE if cut else ALIKE_HERE) is not None

    def _seek(self, image: Image, track: Track, step: Step, least: float) -> Picture | None:
        """Searches about the last place of a track for its face, and takes the track there.

        Args:
            image: the frame.
            track: its face is searched; faces of other tracks stay with them.
            step: that of the frame.
            least: likeness of the face to the track's looks.

        Returns:
            the picture of the face; None if it is not found.
        """
        others = _stacked([other for other in self.tracks if other is not track])
        found = self._searcher.near(image, track.last_place(step.now))
        free = found[overlaps(found, others).max(axis=1, initial=0.0) < SAME_PLACE]
        sights = [self._follower.sight(image, five_points) for five_points in free]
        alike = [
            track.looks.likeness(s.picture)
            if s.score >= FACE and track.is_itself(s.picture) is not False
            else -1.0
            for s in sights
        ]
        if max(alike, default=-1.0) < least:
            return None
        best = alike.index(max(alike))
        (fit,) = self._follower.fit(image, free[best][None])
        if fit.unsure:
            return None
        track.relocate(fit, sights[best].score, step)
        return sights[best].picture

    def _part_twins(self, image: Image, step: Step) -> None:
        """If two tracks have come to follow one face, the less like it ends."""
        five = _stacked(self.tracks)
        fit = np.triu(overlaps(five, five), 1)
        for one, other in [[self.tracks[i] for i in pair] for pair in np.argwhere(fit > _TWINS)]:
            if one in self.tracks and other in self.tracks:
                picture = self._follower.sight(image, one.five_points).picture
                first, second = (track.looks.likeness(picture) for track in (one, other))
                self._lose(one if first < second else other, step)

    def admit(self, image: Image, step: Step, newcomers: list[Track]) -> None:
        """Follows newcomers that are faces in this frame too, and that no track follows."""
        for track in newcomers:
            picture: Picture | None = self._follower.look(image, track, step.now)
            if not self._is_face(track):  # it was found some time ago, and has moved since
                picture = self._seek(image, track, step, 0.0)
            if picture is None or not self._is_face(track):
                continue
            if (overlaps(track.five_points[None], _stacked(self.tracks)) > _TWINS).any():
                continue
            self._welcome(track, picture, step)

    def _is_face(self, track: Track) -> bool:
        score = track.presence.score
        most = self._follower.unsure * (_ADMITTED if score >= _SURE_FACE else 1.0)
        return score >= FACE and track.fit.mean_scale <= most

    def _welcome(self, track: Track, picture: Picture, step: Step) -> None:
        """Names a face at a place without a track of its own."""
        for other in [t for t in self.tracks if t.presence.strikes]:
            if other.looks.likeness(picture) >= ALIKE_NEAR:  # it went from there to here
                self._lose(other, step)
        self._name(track, picture, step)

    def _name(self, track: Track, picture: Picture, step: Step) -> None:
        track.smooth_with(Smoother(self._strength))
        self._identities.name(track, picture, step.now, self.tracks)
        self.tracks.append(track)
        self.tracks.sort(key=lambda t: t.id)

    def _lose(self, track: Track, step: Step, cut: bool = False) -> None:
        self.tracks.remove(track)
        self._identities.lose(track, step.now, cut=cut)
        self._searcher.lost_face(step.now)


def _stacked(tracks: Sequence[Track]) -> Points:
    """(N, 5, 2), the five points of tracks."""
    return np.array([track.five_points for track in tracks]).reshape(-1, 5, 2)
