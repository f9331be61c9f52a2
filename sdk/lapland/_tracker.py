"""Tracker: the frames of a video in, landmarks and identities out."""

import math
import numbers
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._detector import Detector
from ._errors import OptionError
from ._faces import Faces
from ._follower import FACE, Follower
from ._identities import ALIKE, SAME_PLACE, Identities
from ._image import Image, ImageLike, load_image
from ._models import VIDEO_WIDTH
from ._scenes import Scenes
from ._search import Found, Known, Searcher, search
from ._smoothing import FRAME, Smoother, strength_named
from ._texture import TEXTURE
from ._tracks import Track, look, overlaps, pairs, stacked

# Doubt (mean scale, pixels of an 80 x 80 crop) above which the landmarks are not trusted. Chosen by
# `python -m training.certainty`, whose results training/README.md holds.
UNSURE = 1.4
# Doubt, relative to that, up to which a new face is let in that the O-Net is sure of. Where there
# is no face, 9 % have less with the width 1/4-lite, and 35 % with 1/2-lite.
_ADMITTED, _SURE_FACE = 1.2, 0.9
_STRIKES = 3  # looks without a face, or searches that do not find it, that end a track
_LOOK_EVERY = 10  # frames, where all is well
_STILL_UNSURE = 5  # frames between looks at a face that is there and stays unsure
_UNEASY = 3  # the same, at one that is less sure than it was
_HASTE, _SOON = 0.1, 0.2  # seconds between searches while a face is unsure; after one was lost
_LEAST, _MOST = 1e-6, 1e6  # seconds between frames that make a difference
_TWINS = 0.4  # overlap of two tracks that follow one face


class Tracker:
    """Follows the faces of a video: landmarks for every frame, at the cost of the landmarks alone.

    The crop of each face comes from its landmarks in the frame before. The scales that the network
    was trained to give say when that stops being true: a face whose landmarks are unsure is looked
    at by the detector's last stage, which brings the landmarks back or ends the track. The whole
    frame is searched for new faces from time to time, in another thread, so that no frame but the
    first waits for it.

    A tracker belongs to one video and one thread at a time; several may share a `Detector`.

    Args:
        detector: what finds faces and landmarks; None for `Detector("1/4-lite")`, half the time of
            the default model in each frame.
        smoothing: "off", "light" or "strong": how much landmarks are smoothed over time.
            Landmarks that are unsure are smoothed more, and moving ones less.
        search_every: seconds between searches for new faces while all that are known are well.
        memory: seconds for which a face that was lost keeps its identity. It is known by where it
            was and by a small picture of it; this is no recognition of persons.
        unsure: mean scale of a face, in pixels of a crop of 80 x 80, above which its landmarks are
            not trusted; `python -m training.certainty` finds it for a model of your own.
        background: whether searching has its own thread, as a live picture wants. Otherwise the
            frame in which a search is due waits for it, each face is found in its first frame of
            those, and the same video gives the same result every time, as files want.

    Raises:
        OptionError: a keyword is outside its range.

    Example:
        >>> with Tracker() as tracker:
        ...     for frame in frames:
        ...         for face in tracker.update(frame):
        ...             print(face.id, face.landmarks[30])
    """

    def __init__(
        self,
        detector: Detector | None = None,
        *,
        smoothing: str = "light",
        search_every: float = 1.0,
        memory: float = 5.0,
        unsure: float = UNSURE,
        background: bool = True,
    ) -> None:
        if detector is None:
            detector = Detector(VIDEO_WIDTH)
        if not isinstance(detector, Detector):
            raise OptionError(
                f"detector must be a lapland.Detector, not {_named(detector)}; "
                "Tracker() takes the model for video"
            )
        self._search_every = _checked_number("search_every", search_every)
        self._memory = _checked_number("memory", memory)
        self._unsure = _checked_number("unsure", unsure, "pixels")
        self._background = bool(background)
        self._searcher = Searcher()
        self.reset()
        self._use(detector, smoothing)

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
        """Waits for a search that is under way and its thread. `update` may be called again."""
        self.reset()
        self._searcher.close()

    def reset(self) -> None:
        """Forgets all faces, for another video: the next frame is the first one again."""
        self._tracks: list[Track] = []
        self._identities = Identities(self._memory)
        self._scenes = Scenes()
        self._searcher.forget()
        self._searched = -math.inf  # when a search was last begun
        self._started = False
        self._now = 0.0
        self._frame = 0

    def update(self, frame: ImageLike, time: float | None = None) -> Faces:
        """Finds the faces of the next frame.

        Args:
            frame: what `Detector.predict` takes. It is not kept, and may be overwritten.
            time: when it was taken, seconds, never less than that of the frame before; None for
                1/30 after it.

        Returns:
            The faces with `ids`, ordered by them: who was there first comes first. Boxes are those
            of the landmarks. `landmarks`, `five_points` and `boxes` are smoothed. `radius` and
            `confidence` come from the scales and the crop of this frame, by the calibration that
            was made on single photos: a smoothed landmark has the radius of the one that it was
            smoothed from, which promises nothing of the smoothing. What such radii hold in videos
            is measured by `python -m benchmarks.tracking`.

        Raises:
            ImageError: the frame cannot be used. Faces, identities and time are as before.
            OptionError: the time is not a number, or goes back.
        """
        image = load_image(frame)
        now = self._checked_time(time)
        first, self._started = not self._started, True
        seconds = now - self._now if not first and now > self._now else FRAME
        seconds = min(max(seconds, _LEAST), _MOST)  # speeds stay finite
        self._now = now
        self._frame += 1
        cut = self._scenes.changed(image)
        if cut:
            self._searcher.forget()  # whatever it finds was in another scene
        result = self._searcher.take()
        newcomers = [] if result is None else self._compare(*result, late=True)
        if (first or not self._background) and self._is_due(cut):
            self._searched = now
            newcomers = self._compare(
                search(self._follower.mtcnn, image), self._known(), late=False
            )
        self._follower.advance(image, [*self._tracks, *newcomers], seconds)
        for track in list(self._tracks):
            self._judge(image, track, cut)
        self._part_twins(image)
        for track in newcomers:
            self._admit(image, track)
        if self._background and not self._searcher.busy and self._is_due(cut):
            self._searched = now
            self._searcher.begin(self._follower.mtcnn, image, self._known())
        return self._faces(seconds)

    def _use(self, detector: Detector | None, smoothing: str) -> None:
        """Goes on with another smoothing, and another detector of the same scheme or the same."""
        self._strength = strength_named(smoothing)
        if detector is not None:
            self._follower = Follower(detector, self._unsure)
        for track in self._tracks:
            track.smoother = Smoother(self._strength)

    # --- searching

    def _is_due(self, cut: bool) -> bool:
        """Whether the whole frame should be searched for faces."""
        if cut or not self._tracks:
            return True
        wait = self._search_every
        if self._now - self._identities.last_loss <= 1.0:
            wait = min(wait, _SOON)
        if any(t.unsure or t.strikes for t in self._tracks):
            wait = min(wait, _HASTE)
        return self._now - self._searched >= wait

    def _known(self) -> Known:
        return [(track, track.five) for track in self._tracks]

    def _compare(self, found: Found, known: Known, *, late: bool) -> list[Track]:
        """Detected faces -> tracks of those that nobody follows; the others help their tracks.

        A `late` result is compared with where the tracks were in the frame that was searched: that
        frame is some frames old, and faces have moved since. Otherwise the frame that was searched
        is the next that the tracks will see.
        """
        five, scores = found
        then = np.array([points for _, points in known]).reshape(-1, 5, 2)
        of_face = dict(pairs(overlaps(five, then), SAME_PLACE))
        for row, column in of_face.items():
            track, before = known[column]
            track.unseen = 0
            if track.unsure:  # its landmarks may have strayed: start from the detected points
                track.easy_five = five[row] + (track.five - before).mean(axis=0)
                track.five = track.as_landmarks(track.easy_five)
            elif not late:
                track.detected = track.hint = five[row]
            elif not track.compare(five[row], before):
                track.hint = five[row] + (track.five - before).mean(axis=0)
        for column, (track, _) in enumerate(known):
            if track.unsure and column not in of_face.values():
                track.unseen += 1
        taken = overlaps(five, stacked(self._tracks)).max(axis=1, initial=0.0) >= SAME_PLACE
        new = [row for row in range(len(five)) if row not in of_face and not taken[row]]
        newcomers = [Track(five[i], Smoother(self._strength), score=float(scores[i])) for i in new]
        if not late:
            for track in newcomers:
                track.detected = track.five
        return newcomers

    # --- judging

    def _judge(self, image: Image, track: Track, cut: bool) -> None:
        """Looks whether a face is still there, where that is in question, and ends its track."""
        height, width = image.shape[:2]
        x, y = track.five.mean(axis=0)
        if not (0 <= x < width and 0 <= y < height):
            self._lose(track)
            return
        if track.strikes:
            wait = 1
        elif track.unsure:
            wait = _STILL_UNSURE if track.unsure > _STRIKES else 1
        else:
            wait = _UNEASY if track.is_uneasy(track.doubt) else _LOOK_EVERY
        if not cut and self._frame - track.looked < wait:
            return
        looks = self._look(image, track)
        if cut and track.score >= FACE and track.likeness(looks) < ALIKE:
            # Someone else, at the same place.
            self._lose(track, cut=True)
            self._name(track.without_identity(Smoother(self._strength)), looks)
        elif max(track.strikes, track.unseen) >= _STRIKES or (cut and track.score < FACE):
            self._lose(track, cut=cut)
        elif not track.unsure and not track.strikes:
            track.remember(looks)

    def _look(self, image: Image, track: Track) -> NDArray[np.float32]:
        track.looked = self._frame
        return self._follower.look(image, track)

    def _part_twins(self, image: Image) -> None:
        """Where two tracks have come to follow one face, the one that it is not ends."""
        if len(self._tracks) < 2:
            return
        fit = np.triu(overlaps(stacked(self._tracks), stacked(self._tracks)), 1)
        for one, other in [[self._tracks[i] for i in pair] for pair in np.argwhere(fit > _TWINS)]:
            if one in self._tracks and other in self._tracks:
                looks = look(self._follower.mtcnn, image, one.five)[2]
                self._lose(one if one.likeness(looks) < other.likeness(looks) else other)

    def _admit(self, image: Image, track: Track) -> None:
        """Takes a detected face in, where it still is one and nobody follows it."""
        looks = self._look(image, track)
        most = self._unsure * (_ADMITTED if track.score >= _SURE_FACE else 1.0)
        if track.score < FACE or track.doubt > most:
            return
        if not (overlaps(track.five[None], stacked(self._tracks)) > _TWINS).any():
            self._name(track, looks)

    def _name(self, track: Track, looks: NDArray[np.float32]) -> None:
        self._identities.name(track, looks, self._now)
        track.rest()
        self._tracks.append(track)
        self._tracks.sort(key=lambda t: t.id)

    def _lose(self, track: Track, *, cut: bool = False) -> None:
        self._tracks.remove(track)
        self._identities.lose(track, self._now, cut=cut)

    # --- results

    def _faces(self, seconds: float) -> Faces:
        tracks = self._tracks
        scheme, calibration = self._follower.scheme, self._follower.calibration
        n, k = len(tracks), scheme.size
        textures = np.array([t.texture for t in tracks], np.float32).reshape(n, TEXTURE + k)
        smooth = [t.smoother(t.landmarks, t.scales, seconds) for t in tracks]
        landmarks = np.array(smooth, np.float32).reshape(n, k, 2)
        return Faces(
            np.concatenate([landmarks.min(axis=1), landmarks.max(axis=1)], axis=1),
            np.array([t.score for t in tracks], np.float32),
            self._follower.five_of(landmarks).astype(np.float32),
            landmarks,
            np.array([t.scales for t in tracks], np.float32).reshape(n, k),
            scheme,
            np.array([t.id for t in tracks], np.int64),
            None if calibration is None else textures,
            calibration,
        )

    def _checked_time(self, time: object) -> float:
        if time is None:
            return self._now + FRAME if self._started else 0.0
        now = _real(time)
        if not math.isfinite(now):
            raise OptionError(f"time must be a number of seconds, or None, not {time!r}")
        if self._started and now < self._now:
            raise OptionError(
                f"time must not go back: {now} s after {self._now} s; for another video, or after "
                "a jump back in this one, call reset() first"
            )
        return now


def _checked_number(name: str, value: object, unit: str = "seconds") -> float:
    number = _real(value)
    if not 0 < number < math.inf:
        raise OptionError(f"{name} must be a number of {unit} above 0, not {value!r}")
    return number


def _real(value: object) -> float:
    """NaN for what is no real number, or one beyond what a float holds."""
    real = isinstance(value, numbers.Real) and not isinstance(value, bool)
    try:
        return float(value) if real else math.nan  # type: ignore[arg-type]
    except OverflowError:
        return math.nan


def _named(value: object) -> str:
    return f"the class {value.__name__}" if isinstance(value, type) else type(value).__qualname__
