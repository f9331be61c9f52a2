"""Tracker: the frames of a video in, landmarks and identities out."""

import math
import time as times
import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..base.errors import OptionError, shown
from ..base.hints import TRACKER, TRACKER_KEYWORDS, UPDATE_KEYWORDS, Hinting, hinting
from ..crop.texture import TEXTURE
from ..detection.portrait import FACE
from ..detector import Detector
from ..faces.faces import Faces
from ..image.loading import Image, ImageLike, load_image
from ..networks import index
from ..schemes.five_points import five_of
from .clock import Clock, Step, real_number
from .follower import Follower
from .identities import ALIKE, ALIKE_HERE, ALIKE_NEAR, SAME_PLACE, Identities
from .matching import Points, meetings, overlaps
from .portrait import Picture
from .scenes import Scenes
from .search import Searcher
from .smoothing import Smoother, strength_named
from .track import Track

# Mean scale, pixels of an 80 x 80 crop, above which the landmarks are not trusted. Chosen by
# `python -m training.certainty`, whose results training/README.md holds.
UNSURE = 1.4
# Largest mean scale of a new face that the O-Net is sure of, relative to `UNSURE`. With the width
# 1/4-lite, 9 % of the places without a face have less, with 1/2-lite 35 %.
_ADMITTED, _SURE_FACE = 1.2, 0.9
# If a face stays in so many frames in a row, so many seconds apart, time is likely in milliseconds.
_FAR, _FAR_FRAMES = 4.0, 5
_TWINS = 0.4  # overlap of two tracks that follow one face


class Tracker(Hinting):
    """Follows the faces of a video: landmarks for every frame, at the cost of the landmarks alone.

    The crop of each face comes from its landmarks in the frame before. The scales that the network
    was trained to give show when that stops being true: the detector's last stage checks a face
    whose landmarks are unsure, and either finds the landmarks again or ends the track. The whole
    frame is searched for new faces from time to time, in another thread, so that no frame but the
    first waits for it.

    A tracker belongs to one video and one thread at a time; several may share a `Detector`.

    Args:
        detector: finds faces and landmarks; None for one of the default model for videos, which
            takes half the time of that for photos in each frame.
        weights: family of the weights of that default model, "open" or "300w", as of `Detector`.
        smoothing: "off", "light" or "strong": how much landmarks are smoothed over time.
            Landmarks that are unsure are smoothed more, and moving ones less.
        search_every: seconds between searches for new faces while all that are known are well.
        memory: time in seconds that a lost face keeps its identity. Its place and a small picture
            identify it; this is no recognition of persons.
        unsure: mean scale of a face, in pixels of a crop of 80 x 80, above which its landmarks are
            not trusted. None takes the value that the model states, or 1.4 if it states none;
            `python -m training.certainty` measures it, and the export of a custom model writes it.
        background: whether searches have their own thread, which suits a live picture. Otherwise
            frames wait for their search, so that the same video gives the same result every time,
            which suits files.
        clock: seconds, read if `update` is given no time; None for the clock of this machine with
            `background`, as live frames come in real time, and for 1/30 a frame without it.

    Raises:
        OptionError: a keyword is outside its range.

    Example:
        >>> with Tracker() as tracker:
        ...     for frame in frames:
        ...         for face in tracker.update(frame):
        ...             print(face.id, face.landmarks[30])
    """

    HINTS = TRACKER

    @hinting(TRACKER_KEYWORDS)
    def __init__(
        self,
        detector: Detector | None = None,
        *,
        weights: str | None = None,
        smoothing: str = "light",
        search_every: float = 1.0,
        memory: float = 5.0,
        unsure: float | None = None,
        background: bool = True,
        clock: Callable[[], float] | None = None,
    ) -> None:
        if detector is None:
            width, precision = index.form_of("video", None, None, weights)
            detector = Detector(width, precision=precision, weights=weights)
        elif weights is not None:
            raise OptionError("weights: expected no detector beside it, which has its own")
        if not isinstance(detector, Detector):
            raise OptionError(
                f"detector must be a lapland.Detector, not {_named(detector)}; "
                "Tracker() takes the model for video"
            )
        every = _checked_number("search_every", search_every)
        self._memory = _checked_number("memory", memory)
        self._unsure = None if unsure is None else _checked_number("unsure", unsure, "pixels")
        self._searcher = Searcher(every, bool(background))
        self._machine = clock or (times.monotonic if background else None)
        self._strength = strength_named(smoothing)
        self.reset()
        self.use(detector)

    def __enter__(self) -> "Tracker":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __reduce__(self) -> tuple[Any, ...]:
        raise TypeError(
            "a Tracker belongs to one video and is neither copied nor pickled; make another with "
            "Tracker(detector), whose detector can be"
        )

    def close(self) -> None:
        """Waits for the present search and its thread. `update` may be called again."""
        self.reset()
        self._searcher.close()

    def reset(self) -> None:
        """Forgets all faces, for another video: the next frame is the first one again."""
        self._tracks: list[Track] = []
        self._identities = Identities(self._memory)
        self._scenes = Scenes()
        self._clock = Clock(self._machine)
        self._far = 0  # frames in a row that came after many seconds
        self._updated = times.monotonic()
        self._searcher.reset()

    def use(self, detector: Detector | None = None, smoothing: str | None = None) -> None:
        """Continues with another detector, or another smoothing, from the next frame on.

        Args:
            detector: detector of the same scheme as before; None keeps the present one.
            smoothing: "off", "light" or "strong"; None keeps the present one.

        Raises:
            OptionError: there is no such smoothing.
        """
        if smoothing is not None:
            self._strength = strength_named(smoothing)
        if detector is not None:
            self._rgb = detector.rgb
            self._threshold = self._unsure or detector.model.unsure or UNSURE
            self._follower = Follower(detector, self._threshold)
            self._searcher.use(self._follower.face_detector)
        for track in self._tracks:
            track.smooth_with(Smoother(self._strength))

    def wait(self) -> None:
        """Waits for the present search, so that the next `update` takes its result."""
        self._searcher.wait()

    @hinting(UPDATE_KEYWORDS)
    def update(self, frame: ImageLike, time: float | None = None) -> Faces:
        """Finds the faces of the next frame.

        Args:
            frame: an image, as for `Detector.predict`. The caller may overwrite it afterwards.
            time: time of the frame in seconds, never less than that of the frame before: for a file
                the stamp of its container, `capture.get(cv2.CAP_PROP_POS_MSEC) / 1000`. None for
                now, or for 1/30 after the frame before without `background`; see `clock`.

        Returns:
            The faces with `ids`, ordered by them: the face that came first is the first. Boxes are
            those of the landmarks. `landmarks`, `five_points` and `boxes` are smoothed. `radius`
            and `confidence` come from the scales and the crop of this frame, by the calibration
            on single photos: a smoothed landmark has the radius of the landmark before smoothing.
            `python -m benchmarks.tracking` measures the share of landmarks that such radii hold in
            videos.

        Raises:
            ImageError: the frame cannot be used. Faces, identities and time are as before.
            OptionError: the time is not a number, or goes back.
        """
        image = load_image(frame, rgb=self._rgb)
        step = self._clock.tick(time)
        cut = self._scenes.changed(image)
        newcomers = self._search(image, step, cut)
        self._follower.advance(image, [*self._tracks, *newcomers], step)
        self._check(image, step, cut)
        self._wonder(step)
        self._admit(image, step, newcomers)
        self._searcher.start(image, self._tracks, step, cut)
        return self._faces(image, step)

    # --- the steps of a frame, in their order

    def _search(self, image: Image, step: Step, cut: bool) -> list[Track]:
        """Tracks for found faces that nobody follows."""
        return [
            Track(new.five_points, Smoother(self._strength), score=new.score, detected=not new.late)
            for new in self._searcher.faces(image, self._tracks, step, cut)
        ]

    def _check(self, image: Image, step: Step, cut: bool) -> None:
        """Looks at faces that are in question; ends lost tracks, and one of two that are twins."""
        self._meet()
        for track in list(self._tracks):
            if not track.is_inside(image):
                if not self._recover(image, track, step, cut):
                    self._lose(track, step)
            elif cut or track.rivals or track.is_look_due(step.now):
                self._look(image, track, step, cut)
        if len(self._tracks) > 1:
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
            self._name(track.without_identity(Smoother(self._strength)), picture, step)
        elif track.presence.is_lost or (cut and not seen):
            self._lose(track, step, cut)
        elif track.rivals and seen and not cut:
            self._decide(track, picture, step)
        elif not track.in_doubt and not track.is_uneasy(track.fit.mean_scale):
            track.remember(picture)

    def _meet(self) -> None:
        """Faces that come near one another may be mistaken for each other until they part."""
        if len(self._tracks) < 2:
            return
        before = np.array([track.motion_before.five_points for track in self._tracks])
        for pair in meetings(_stacked(self._tracks), before):
            one, other = (self._tracks[i] for i in pair)
            one.meet(other)
            other.meet(one)

    def _decide(self, track: Track, picture: Picture, step: Step) -> None:
        """Whose face a track has that was near others: its own, or that of another."""
        itself = track.is_itself(picture)
        if itself is False:
            self._lose(track, step)
            others = _stacked(self._tracks)
            if (overlaps(track.five_points[None], others) < _TWINS).all():
                self._name(track.without_identity(Smoother(self._strength)), picture, step)
        elif itself and not self._is_near_rival(track):
            track.settled()

    def _is_near_rival(self, track: Track) -> bool:
        near = [rival for rival in track.rivals if rival in self._tracks]
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
        others = _stacked([other for other in self._tracks if other is not track])
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
        five = _stacked(self._tracks)
        fit = np.triu(overlaps(five, five), 1)
        for one, other in [[self._tracks[i] for i in pair] for pair in np.argwhere(fit > _TWINS)]:
            if one in self._tracks and other in self._tracks:
                picture = self._follower.sight(image, one.five_points).picture
                first, second = (track.looks.likeness(picture) for track in (one, other))
                self._lose(one if first < second else other, step)

    def _admit(self, image: Image, step: Step, newcomers: list[Track]) -> None:
        """Follows newcomers that are faces in this frame too, and that no track follows."""
        for track in newcomers:
            picture: Picture | None = self._follower.look(image, track, step.now)
            if not self._is_face(track):  # it was found some time ago, and has moved since
                picture = self._seek(image, track, step, 0.0)
            if picture is None or not self._is_face(track):
                continue
            if (overlaps(track.five_points[None], _stacked(self._tracks)) > _TWINS).any():
                continue
            for other in [t for t in self._tracks if t.presence.strikes]:
                if other.looks.likeness(picture) >= ALIKE_NEAR:  # it went from there to here
                    self._lose(other, step)
            self._name(track, picture, step)

    def _is_face(self, track: Track) -> bool:
        score = track.presence.score
        most = self._threshold * (_ADMITTED if score >= _SURE_FACE else 1.0)
        return score >= FACE and track.fit.mean_scale <= most

    def _wonder(self, step: Step) -> None:
        """Warns if times look like milliseconds: a face stays through steps of many seconds."""
        updated, self._updated = self._updated, times.monotonic()
        passed = self._updated - updated  # a machine may really be so slow
        far = step.seconds >= max(_FAR, 4 * passed) and not step.first and len(self._tracks) > 0
        self._far = self._far + 1 if far else 0
        if self._far == _FAR_FRAMES:
            warnings.warn(
                f"{_FAR_FRAMES} frames in a row are {step.seconds:g} s apart, and faces stay; is "
                "time= in seconds?",
                stacklevel=3,
            )

    def _name(self, track: Track, picture: Picture, step: Step) -> None:
        self._identities.name(track, picture, step.now, self._tracks)
        self._tracks.append(track)
        self._tracks.sort(key=lambda t: t.id)

    def _lose(self, track: Track, step: Step, cut: bool = False) -> None:
        self._tracks.remove(track)
        self._identities.lose(track, step.now, cut=cut)
        self._searcher.lost_face(step.now)

    def _faces(self, image: Image, step: Step) -> Faces:
        tracks = self._tracks
        scheme, calibration = self._follower.scheme, self._follower.calibration
        n, k = len(tracks), scheme.size
        textures = np.array([t.fit.texture for t in tracks], np.float32).reshape(n, TEXTURE + k)
        smooth = [track.smoothed(step.seconds) for track in tracks]
        landmarks = np.array(smooth, np.float32).reshape(n, k, 2)
        return Faces(
            np.concatenate([landmarks.min(axis=1), landmarks.max(axis=1)], axis=1),
            np.array([t.presence.score for t in tracks], np.float32),
            five_of(scheme, landmarks).astype(np.float32),
            landmarks,
            np.array([t.fit.scales for t in tracks], np.float32).reshape(n, k),
            scheme,
            np.array([t.id for t in tracks], np.int64),
            None if calibration is None else textures,
            calibration,
            (image.shape[1], image.shape[0]),
        )


def _stacked(tracks: Sequence[Track]) -> Points:
    """(N, 5, 2), the five points of tracks."""
    return np.array([track.five_points for track in tracks]).reshape(-1, 5, 2)


def _checked_number(name: str, value: object, unit: str = "seconds") -> float:
    number = real_number(value)
    if not 0 < number < math.inf:
        raise OptionError(f"{name} must be a number of {unit} above 0, not {shown(value)}")
    return number


def _named(value: object) -> str:
    return f"the class {value.__name__}" if isinstance(value, type) else type(value).__qualname__
