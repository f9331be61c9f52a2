"""The tracks of one video: which faces are followed, which are lost, and who is who.

Each frame calls `follow`, `check` and `admit`, which stand here in this order, each with its parts.
"""

import math
from collections.abc import Sequence

import numpy as np

from ..detection.portrait import FACE, shifted
from .clock import Frame
from .identities import ALIKE, ALIKE_HERE, ALIKE_NEAR, SAME_PLACE, Identities
from .matching import Points, meetings, overlaps
from .networks import Networks
from .portrait import Picture
from .smoothing import Smoother, Strength
from .track import Track

# Largest mean scale of a new face that the O-Net is sure of, relative to the tracker's `unsure`.
# With the width 1/4-lite, 9 % of the places without a face have less, with 1/2-lite 35 %.
_ADMITTED, _SURE_FACE = 1.2, 0.9
_TWINS = 0.4  # overlap of two tracks that follow one face
# Least likeness of a face that is not at its expected place to the looks of its track; after a cut
# another face may be there.
_AGAIN = {False: ALIKE_HERE, True: ALIKE}


class Roster:
    """The faces that are followed.

    Args:
        memory: time in seconds that a lost face keeps its identity.

    Attributes:
        tracks: one for each face, ordered by identity.
        last_loss: when a face was last lost, seconds; -inf if none was.
    """

    def __init__(self, memory: float) -> None:
        self._memory = memory
        self.reset()

    def reset(self) -> None:
        """Forgets all faces."""
        self.tracks: list[Track] = []
        self.last_loss = -math.inf
        self._identities = Identities(self._memory)

    def use(self, networks: Networks, strength: Strength | None) -> None:
        """Continues with these networks, and smooths so much from now on."""
        self._networks, self._strength = networks, strength
        for track in self.tracks:
            track.smooth_with(Smoother(strength))

    # --- every frame: landmarks

    def follow(self, frame: Frame, newcomers: Sequence[Track]) -> None:
        """Landmarks of tracks and newcomers, in one run of the network, or two for some faces."""
        tracks = [*self.tracks, *newcomers]
        if not tracks:
            return
        five = np.array([track.motion.foreseen(frame.step.seconds) for track in tracks])
        offsets = np.array([track.offset.points for track in tracks])
        fits = self._networks.fit(frame.image, shifted(five, offsets))
        again = {
            i: start for i, t in enumerate(tracks) if (start := t.second_start(fits[i])) is not None
        }
        if again:
            others = self._networks.fit(frame.image, np.array([five for five, _ in again.values()]))
            for (i, (_, ratio)), other in zip(again.items(), others, strict=True):
                if other.mean_scale < ratio * fits[i].mean_scale:
                    fits[i] = other
        for track, fit in zip(tracks, fits, strict=True):
            track.advance(fit, frame.step)

    # --- now and then: is it still this face?

    def check(self, frame: Frame) -> None:
        """Looks at faces that are in question; ends lost tracks, and one of two that are twins."""
        self._meet()
        for track in list(self.tracks):
            if track not in self.tracks:  # its face was seen at the place of another one
                continue
            if not track.is_inside(frame.image):
                if self._seek(frame, track, _AGAIN[frame.cut]) is None:
                    self._lose(track, frame)
            elif frame.cut or track.rivals or track.is_look_due(frame.step.now):
                self._check_face(frame, track)
        if len(self.tracks) > 1:
            self._part_twins(frame)

    def _meet(self) -> None:
        """Faces that come near one another may be mistaken for each other until they part."""
        if len(self.tracks) < 2:
            return
        before = np.array([track.motion_before.five_points for track in self.tracks])
        for pair in meetings(_stacked(self.tracks), before):
            one, other = (self.tracks[i] for i in pair)
            one.meet(other)
            other.meet(one)

    def _check_face(self, frame: Frame, track: Track) -> None:
        picture = self.look(frame, track)
        seen = track.presence.score >= FACE
        other = frame.cut and track.looks.likeness(picture) < ALIKE
        doubtful = other or not seen or track.fit.unsure
        if doubtful and self._seek(frame, track, _AGAIN[frame.cut]) is not None:
            return
        if other and seen:
            # Another face, at the same place.
            self._lose(track, frame, frame.cut)
            self._name(track.without_identity(), picture, frame)
        elif track.presence.is_lost or (frame.cut and not seen):
            self._lose(track, frame, frame.cut)
        elif track.rivals and seen and not frame.cut:
            self._decide(frame, track, picture)
        elif not track.in_doubt and not track.is_uneasy:
            track.remember(picture)

    def look(self, frame: Frame, track: Track) -> Picture:
        """The O-Net looks at a track; landmarks that strayed start again from its five points.

        Returns:
            the picture of the face.
        """
        sight = self._networks.sight(frame.image, track.five_points)
        track.presence.seen(sight.score, frame.step.now)
        if sight.score < FACE:
            return sight.picture
        if not track.may_have_strayed(sight.five_points):
            track.compare(sight.five_points)
            return sight.picture
        if track.refit(self._networks.fit(frame.image, sight.five_points[None])[0]):
            sight = self._networks.sight(frame.image, track.five_points)
        return sight.picture

    def _decide(self, frame: Frame, track: Track, picture: Picture) -> None:
        """Whose face a track has that was near others: its own, or that of another."""
        itself = track.is_itself(picture)
        if itself is False:
            for rival in track.rivals:  # whose face it may be, and who may have none any more
                if rival in self.tracks and rival.is_look_due(frame.step.now):
                    self.look(frame, rival)
            self._lose(track, frame)
            others = _stacked(self.tracks)
            if (overlaps(track.five_points[None], others) < _TWINS).all():
                self._welcome(track.without_identity(), picture, frame)
        elif itself and not self._is_near_rival(track):
            track.settled()

    def _is_near_rival(self, track: Track) -> bool:
        near = [rival for rival in track.rivals if rival in self.tracks]
        five = _stacked([track, *near])
        return any(i == 0 for i, _ in meetings(five, five))

    def _seek(self, frame: Frame, track: Track, least: float) -> Picture | None:
        """Searches about the last place of a track for its face, and takes the track there.

        Args:
            frame: the frame.
            track: its face is searched; faces of other tracks stay with them.
            least: likeness of the face to the track's looks.

        Returns:
            the picture of the face; None if it is not found.
        """
        others = _stacked([other for other in self.tracks if other is not track])
        found = self._networks.near(frame.image, track.last_place(frame.step.now))
        free = found[overlaps(found, others).max(axis=1, initial=0.0) < SAME_PLACE]
        sights = [self._networks.sight(frame.image, five_points) for five_points in free]
        alike = [
            track.looks.likeness(s.picture)
            if s.score >= FACE and track.is_itself(s.picture) is not False
            else -1.0
            for s in sights
        ]
        if max(alike, default=-1.0) < least:
            return None
        best = alike.index(max(alike))
        (fit,) = self._networks.fit(frame.image, free[best][None])
        if fit.unsure:
            return None
        track.relocate(fit, sights[best].score, frame.step)
        return sights[best].picture

    def _part_twins(self, frame: Frame) -> None:
        """If two tracks have come to follow one face, the less like it ends."""
        five = _stacked(self.tracks)
        fit = np.triu(overlaps(five, five), 1)
        for one, other in [[self.tracks[i] for i in pair] for pair in np.argwhere(fit > _TWINS)]:
            if one in self.tracks and other in self.tracks:
                picture = self._networks.sight(frame.image, one.five_points).picture
                first, second = (track.looks.likeness(picture) for track in (one, other))
                self._lose(one if first < second else other, frame)

    # --- now and then: faces without a track

    def admit(self, frame: Frame, newcomers: Sequence[Track]) -> None:
        """Follows newcomers that are faces in this frame too, and that no track follows."""
        for track in newcomers:
            picture: Picture | None = self.look(frame, track)
            if not self._is_face(track):  # it was found some time ago, and has moved since
                picture = self._seek(frame, track, 0.0)
            if picture is None or not self._is_face(track):
                continue
            if (overlaps(track.five_points[None], _stacked(self.tracks)) > _TWINS).any():
                continue
            self._welcome(track, picture, frame)

    def _is_face(self, track: Track) -> bool:
        score = track.presence.score
        most = self._networks.unsure * (_ADMITTED if score >= _SURE_FACE else 1.0)
        return score >= FACE and track.fit.mean_scale <= most

    def _welcome(self, track: Track, picture: Picture, frame: Frame) -> None:
        """Names a face at a place without a track of its own."""
        for other in [t for t in self.tracks if t.presence.strikes]:
            if other.looks.likeness(picture) >= ALIKE_NEAR:  # it went from there to here
                self._lose(other, frame)
        self._name(track, picture, frame)

    def _name(self, track: Track, picture: Picture, frame: Frame) -> None:
        track.smooth_with(Smoother(self._strength))
        self._identities.name(track, picture, frame.step.now, self.tracks)
        self.tracks.append(track)
        self.tracks.sort(key=lambda t: t.id)

    def _lose(self, track: Track, frame: Frame, cut: bool = False) -> None:
        self.tracks.remove(track)
        self._identities.lose(track, frame.step.now, cut=cut)
        self.last_loss = frame.step.now


def _stacked(tracks: Sequence[Track]) -> Points:
    """(N, 5, 2), the five points of tracks."""
    return np.array([track.five_points for track in tracks]).reshape(-1, 5, 2)
