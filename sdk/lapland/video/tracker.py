"""Tracker: the frames of a video in, landmarks and identities out."""

import math
import time as times
from collections.abc import Callable
from typing import Any

import numpy as np

from ..base.checks import check_flags, real_number
from ..base.errors import OptionError, shown
from ..base.heap import trimmer
from ..base.hints import TRACKER, TRACKER_KEYWORDS, UPDATE_KEYWORDS, Hinting, hinting
from ..crop.texture import TEXTURE
from ..detector import Detector
from ..faces.faces import Faces
from ..image.loading import ImageLike, load_image
from ..networks import index
from ..schemes.five_points import five_of
from .clock import Clock, Frame
from .networks import Networks
from .roster import Roster
from .scenes import Scenes
from .search import Searcher
from .smoothing import strength_named


class Tracker(Hinting):
    """Follows the faces of a video: landmarks for every frame, at the cost of the landmarks alone.

    The crop of each face comes from its landmarks in the frame before. The scales that the network
    was trained to give show when that stops being true: the detector's last stage checks a face
    whose landmarks are unsure, and either finds the landmarks again or ends the track. The whole
    frame is searched for new faces from time to time, in another thread, so that no frame but the
    first waits for it.

    A tracker belongs to one video and one thread at a time; several may share a `Detector`.

    Args:
        detector: finds faces and landmarks; None for one of the default model for videos, which may
            be that for photos.
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
        _check_detector(detector)
        every = _checked_number("search_every", search_every)
        lasting = _checked_number("memory", memory)
        self._unsure = None if unsure is None else _checked_number("unsure", unsure, "pixels")
        check_flags(background=background)
        if clock is not None and not callable(clock):
            raise OptionError(f"clock: expected a function that gives seconds, not {shown(clock)}")
        self._searcher = Searcher(every, bool(background))
        self._roster = Roster(lasting)
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
        trimmer.end()

    def reset(self) -> None:
        """Forgets all faces, for another video: the next frame is the first one again."""
        self._roster.reset()
        self._scenes = Scenes()
        self._clock = Clock(self._machine)
        self._searcher.reset()

    def use(self, detector: Detector | None = None, smoothing: str | None = None) -> None:
        """Continues with another detector, or another smoothing, from the next frame on.

        Args:
            detector: detector of the same scheme as before; None keeps the present one.
            smoothing: "off", "light" or "strong"; None keeps the present one.

        Raises:
            OptionError: there is no such smoothing, or `detector` is none.
        """
        if smoothing is not None:
            self._strength = strength_named(smoothing)
        if detector is not None:
            _check_detector(detector)
            self._rgb = detector.rgb
            self._networks = Networks(detector, self._unsure or detector.model.unsure)
            self._searcher.use(self._networks.face_detector)
        self._roster.use(self._networks, self._strength)

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
        this = Frame(image, step, cut=self._scenes.changed(image))
        # Faces that a search found and no track follows.
        newcomers = self._searcher.newcomers(this, self._roster)
        # The landmarks of all, in one run of the network.
        self._roster.follow(this, newcomers)
        # The O-Net looks at tracks in question; lost ones end.
        self._roster.check(this)
        self._clock.check(step, faces_stay=len(self._roster.tracks) > 0)
        # Newcomers that are faces become tracks.
        self._roster.admit(this, newcomers)
        # A search for later frames, if one is due.
        self._searcher.start(this, self._roster)
        trimmer.after(image.nbytes, alone=False)
        return self._faces(this)

    def _faces(self, frame: Frame) -> Faces:
        """The faces that are followed, with smoothed landmarks."""
        tracks = self._roster.tracks
        scheme, calibration = self._networks.scheme, self._networks.calibration
        n, k = len(tracks), scheme.size
        textures = np.array([t.fit.texture for t in tracks], np.float32).reshape(n, TEXTURE + k)
        smooth = [t.smoother(t.fit.landmarks, t.fit.scales, frame.step.seconds) for t in tracks]
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
            (frame.image.shape[1], frame.image.shape[0]),
        )


def _checked_number(name: str, value: object, unit: str = "seconds") -> float:
    number = real_number(value)
    if not 0 < number < math.inf:
        raise OptionError(f"{name} must be a number of {unit} above 0, not {shown(value)}")
    return number


def _check_detector(detector: object) -> None:
    if not isinstance(detector, Detector):
        raise OptionError(
            f"detector must be a lapland.Detector, not {_named(detector)}; "
            "Tracker() takes the model for video"
        )


def _named(value: object) -> str:
    return f"the class {value.__name__}" if isinstance(value, type) else type(value).__qualname__
