"""A track: one face that a `Tracker` follows. Only this file writes the fields of a `Track`."""

import copy
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ..detection.orientation import WIDER
from ..detection.portrait import LARGEST_OFFSET, apart, shifted
from .clock import Step
from .fit import Fit, Usual
from .matching import Points
from .motion import Motion, extent
from .portrait import Looks, Offset, Picture, agree
from .presence import Presence
from .smoothing import Smoother

# How far from the middle of its crop a face is cropped again, in longer sides of the five points.
_OFF = 0.15
# Largest ratio of mean scales, the crop of the face's usual size to the crop about the last
# landmarks, that still prefers the former: if light or focus fail, a wrong size is often surer.
_USUAL_SIZE = 1.08
_MOVES_ON = 1.0  # seconds; longest motion of a lost face
# Least likeness of a picture to the face of a track that was near others, and how much more alike
# it must be than the others.
ALIKE_AT_ALL, CLEARLY = 0.5, 0.1


class Track:
    """One face that is followed, in its last frame.

    Args:
        five_points: (5, 2), image pixels, of a face that a search found.
        score: score of the O-Net.
        detected: whether those five points are MTCNN's of the next frame that the track sees.

    Attributes:
        id: the identity; -1 before it is known.
        fit: its landmarks; missing before the first `advance`.
        motion: place and speed.
        presence: whether it is still there.
        offset: the usual difference of the O-Net's five points.
        looks: how it looks.
        usual: how sure it usually is.
        detected: (5, 2), MTCNN's points of the next frame, if they are known before.
        hint: (5, 2), a likely place in the next frame, should the landmarks be found elsewhere.
        sure_motion: its motion when it was last as sure as usual; None if never, or in a scene that
            was cut. An uneasy face may have been dragged along by something in front of it.
        sure_at: the time then, seconds.
        motion_before: its motion in the frame before.
        lost_at: when it was lost, seconds.
        rivals: tracks that came so near that it may have changed to their faces since.
    """

    fit: Fit

    def __init__(
        self,
        five_points: Points,
        *,
        score: float = 0.0,
        detected: bool = False,
    ) -> None:
        self.id = -1
        self.motion = Motion(five_points)
        self.presence = Presence(score)
        self.offset = Offset()
        self.looks = Looks()
        self.usual = Usual()
        self.detected: Points | None = five_points if detected else None
        self.hint: Points | None = None
        self.sure_motion: Motion | None = None
        self.sure_at = self.lost_at = 0.0
        self.rivals: list[Track] = []
        self.smoother = Smoother(None)  # before anybody sees its landmarks
        self.motion_before = self.motion

    @property
    def five_points(self) -> Points:
        """(5, 2), image pixels."""
        return self.motion.five_points

    @property
    def in_doubt(self) -> bool:
        """Whether the face may be gone: unsure landmarks, or a look that saw none."""
        return self.presence.unsure_since is not None or self.presence.strikes > 0

    @property
    def is_uneasy(self) -> bool:
        """Whether its landmarks are less sure than they mostly are."""
        return self.usual.is_uneasy(self.fit.mean_scale)

    def is_inside(self, image: NDArray[np.uint8]) -> bool:
        """Whether the middle of the face lies in the image."""
        height, width = image.shape[:2]
        x, y = self.motion.five_points.mean(axis=0)
        return bool(0 <= x < width and 0 <= y < height)

    # --- from frame to frame

    def second_start(self, fit: Fit) -> tuple[Points, float] | None:
        """Another crop to try in a frame, if its first fit is not convincing.

        Returns:
            the five points (5, 2) of that crop, and the largest accepted ratio of its mean scale to
            that of the first; None if the first fit is good.
        """
        steady = self.motion.steady or self.motion.turning
        if fit.unsure and steady:  # it did not move on as before
            return self.five_points, 1.0
        if self.hint is not None and apart(fit.five_points, self.hint) > LARGEST_OFFSET:
            return self.hint, 1.0
        # A face away from its expected place lies off the middle of its crop.
        moved = np.abs((fit.five_points - fit.start).mean(axis=0)).max()
        if moved > _OFF * extent(fit.five_points):
            return fit.five_points, 1.0
        if self.usual.is_uneasy(fit.mean_scale) and self.presence.unsure_since is None:
            # Strayed, perhaps: the crop of its last sure frame, at this place.
            easy = self.usual.five_points
            return easy + (fit.five_points - easy).mean(axis=0), _USUAL_SIZE
        return None

    def advance(self, fit: Fit, step: Step) -> None:
        """Takes the landmarks of the next frame."""
        if self.detected is not None:
            self.offset.learn(self.detected, fit.five_points)
        self.detected = self.hint = None
        self.motion_before = self.motion
        self.motion = self.motion.moved_to(fit.five_points, step.seconds)
        self._take(fit, step)

    def _take(self, fit: Fit, step: Step) -> None:
        self.fit = fit
        uneasy = self.usual.learn(fit, step.seconds)
        self.presence.fitted(fit.unsure, step.now)
        if fit.unsure:
            self.motion = self.motion.corrected(self._of_usual_size())
        elif not uneasy:
            self.sure_motion, self.sure_at = self.motion, step.now

    def refit(self, fit: Fit) -> bool:
        """Takes other landmarks of this frame, if they are sure, and surer than its own.

        Of two fits that are both unsure, the one with the smaller scales is not the better.

        Returns:
            whether it took them.
        """
        better = not fit.unsure and fit.mean_scale < self.fit.mean_scale
        if better:
            self.fit = fit
            self.motion = self.motion_before.moved_to(fit.five_points, self.motion.seconds)
            self.presence.sure_again()
        return better

    def relocate(self, fit: Fit, score: float, step: Step) -> None:
        """Takes landmarks of this frame from another place; the O-Net sees the face there."""
        self.motion = self.motion_before.moved_to(fit.five_points, step.seconds)
        self._take(fit, step)
        self.presence.seen(score, step.now)

    def _of_usual_size(self) -> Points:
        """(5, 2), its five points here in the size and roll that it had when it was sure.

        Unsure landmarks give the place of a face much better than its size: each crop would be
        larger, or smaller, than the one before, and the mean scale in it no larger for that.
        """
        before = self.offset.removed(self.usual.five_points)
        here: Points = before + (self.five_points - before).mean(axis=0)
        return here

    def smooth_with(self, smoother: Smoother) -> None:
        """Smooths from the next frame on with another smoother."""
        self.smoother = smoother

    # --- looks and searches

    def may_have_strayed(self, onet: Points) -> bool:
        """Whether the landmarks may lie off the face, given the O-Net's five points (5, 2).

        They do if they are less sure than usual, and if the O-Net puts the points elsewhere: a
        mouth mistaken in a beard enlarges the next crop, which repeats the mistake.
        """
        unsure = self.is_uneasy or self.fit.unsure
        return unsure or apart(self.five_points, onet) > LARGEST_OFFSET

    def compare(self, onet: Points) -> None:
        """Learns where the O-Net puts the five points (5, 2) of its landmarks.

        After the first frame nothing is learnt from a search: BlazeFace's points are noisier, know
        no smile, and differ from one search to the next.
        """
        self.offset.learn(shifted(onet[None], -WIDER[None])[0], self.five_points)

    def is_look_due(self, now: float) -> bool:
        """Whether the O-Net should look at it at that time."""
        return self.presence.is_look_due(self.is_uneasy, now)

    def found(self, detected: Points, before: Points, late: bool) -> None:
        """A search has found it.

        Args:
            detected: (5, 2), MTCNN's points in the frame that was searched.
            before: (5, 2), the five points of the track in that frame.
            late: whether the track has seen later frames already.
        """
        self.presence.found()
        moved = (self.five_points - before).mean(axis=0)
        if self.presence.unsure_since is not None:
            # Its landmarks may have strayed: the detected points count.
            self.usual.five_points = detected + moved
            self.motion = self.motion.corrected(self.offset.removed(self.usual.five_points))
        elif not late:
            self.hint = detected
        elif not agree(detected, before):
            self.hint = detected + moved

    # --- identity

    def meet(self, other: "Track") -> None:
        """Another face came so near that the track may change to it."""
        if other not in self.rivals:
            self.rivals = [*self.rivals, other]

    def is_itself(self, picture: Picture) -> bool | None:
        """Whether a picture shows the face of this track, or that of a rival; None is open."""
        own = self.looks.likeness(picture)
        other = max((rival.looks.likeness(picture) for rival in self.rivals), default=-1.0)
        if max(own, other) < ALIKE_AT_ALL or abs(own - other) < CLEARLY:
            return None
        return own > other

    def settled(self) -> None:
        """It is clear that this is its face."""
        self.rivals = []

    def remember(self, picture: Picture) -> None:
        """Learns how the face looks, while it is clear that it is this one."""
        if not self.rivals:
            self.looks.remember(picture)

    def named(self, identity: int, looks: Looks | None, picture: Picture) -> None:
        """Takes an identity, and the looks that are known of it, if any."""
        self.id = identity
        if looks is None:
            self.looks.remember(picture)
        else:  # the picture may show something that is still before the face
            self.looks = looks
        self.motion = self.motion.at_rest()

    def without_identity(self) -> "Track":
        """Another track at the same place."""
        other = copy.copy(self)
        other.presence, other.offset = replace(self.presence), replace(self.offset)
        other.usual = copy.copy(self.usual)
        other.looks, other.id, other.smoother = Looks(), -1, Smoother(None)
        other.sure_motion = self.motion
        other.rivals = []
        return other

    def lost(self, now: float, cut: bool) -> None:
        """The face is lost, at that time; after a `cut` its place says nothing any more."""
        self.lost_at = now
        if cut:
            self.sure_motion = None

    def last_place(self, now: float) -> Points:
        """(5, 2), middle of the search for a face that is not at its expected place."""
        places = self.places(now)
        return places.mean(axis=0) if len(places) else self.motion_before.five_points

    def places(self, now: float) -> Points:
        """(P, 5, 2), likely five points of a face that is out of sight; none after a cut.

        Its last sure place, and that place moved on with its velocity for at most a second.
        """
        if self.sure_motion is None:
            return np.zeros((0, 5, 2))
        seconds = min(max(now - self.sure_at, 0.0), _MOVES_ON)
        five = self.sure_motion.five_points
        return np.stack([five, five + self.sure_motion.mean_velocity * seconds])
