"""Tracker: the frames of a video in, landmarks and identities out."""

import math
import numbers
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._detector import Detector
from ._errors import OptionError
from ._faces import Faces
from ._image import Image, ImageLike, load_image
from ._scenes import Scenes
from ._smoothing import FRAME, Smoother, strength_named
from ._tracks import Points, Track, extent, look, overlaps, pairs, portrait_steps, stacked

# Doubt (mean scale, pixels of an 80 x 80 crop) above which the landmarks are not trusted. Chosen by
# `python -m training.certainty`, whose result training/README.md holds.
UNSURE = 1.5
# Doubt, relative to that, up to which a new face is let in. Where there is no face, 1 % have less.
_ADMITTED = 1.2
FACE = 0.5  # score of the O-Net from which it sees a face
_STRIKES = 3  # looks without a face, or searches that do not find it, that end a track
_OFF = 0.15  # how far off its crop's middle a face is cropped again, in sides of the five points
_LOOK_EVERY = 10  # frames, where all is well
_STILL_UNSURE = 5  # frames between looks at a face that is there and stays unsure
_HASTE, _SOON = 0.1, 0.2  # seconds between detections while a face is unsure; after one was lost
_SAME_PLACE = 0.2  # overlap of a detected face with a tracked one
_TWINS = 0.4  # overlap of two tracks that follow one face
# Likeness from which a face is taken for the one that was lost, wherever it comes back. Of pairs of
# different people in YouTube Faces 3 % are as alike; of pairs from one clip 82 %.
_ALIKE = 0.8
# The same, where it comes back at the place where it was expected, within so many seconds and in
# the same scene: then place says more than looks, which whatever covered the face may still spoil.
_ALIKE_HERE, _HERE_FOR = 0.2, 2.0

Found = tuple[Points, NDArray[np.float32]]


@dataclass
class _Fits:
    """What the network made of N crops: landmarks, scales, doubts (N,), five points (N, 5, 2)."""

    landmarks: NDArray[np.float32]
    scales: NDArray[np.float32]
    doubts: NDArray[np.floating[Any]]
    five: Points

    def improve(self, rows: NDArray[np.intp], others: "_Fits") -> None:
        """Takes, for each of these rows, the surer of what there is and what is given."""
        surer = others.doubts < self.doubts[rows]
        for mine, other in (
            (self.landmarks, others.landmarks),
            (self.scales, others.scales),
            (self.doubts, others.doubts),
            (self.five, others.five),
        ):
            mine[rows[surer]] = other[surer]


class Tracker:
    """Follows the faces of a video: landmarks for every frame, at the cost of the landmarks alone.

    The crop of each face comes from its landmarks in the frame before. The scales that the network
    was trained to give say when that stops being true: a face whose landmarks are unsure is looked
    at by the detector's last stage, which brings the landmarks back or ends the track. The whole
    frame is searched for new faces from time to time, in another thread, so that no frame but the
    first waits for it.

    A tracker belongs to one video and one thread at a time; several may share a `Detector`.

    Args:
        detector: what finds faces and landmarks.
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
        >>> with Tracker(Detector()) as tracker:
        ...     for frame in frames:
        ...         for face in tracker.update(frame):
        ...             print(face.id, face.landmarks[30])
    """

    def __init__(
        self,
        detector: Detector,
        *,
        smoothing: str = "light",
        search_every: float = 1.0,
        memory: float = 5.0,
        unsure: float = UNSURE,
        background: bool = True,
    ) -> None:
        if not isinstance(detector, Detector):
            raise OptionError(
                f"detector must be a lapland.Detector, not {type(detector).__qualname__}; "
                "Tracker(Detector()) takes the default model"
            )
        self._search_every = _checked_seconds("search_every", search_every)
        self._memory = _checked_seconds("memory", memory)
        self._unsure = _checked_seconds("unsure", unsure, "pixels")
        self._background = bool(background)
        self._thread: ThreadPoolExecutor | None = None
        self.reset()
        self._use(detector, smoothing)

    def __enter__(self) -> "Tracker":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Ends the thread, after the search that it may be at. A later `update` starts another."""
        self.reset()
        if self._thread is not None:
            self._thread.shutdown(wait=True, cancel_futures=True)
            self._thread = None

    def reset(self) -> None:
        """Forgets all faces, for another video: the next frame is the first one again."""
        self._tracks: list[Track] = []
        self._lost: list[Track] = []
        self._scenes = Scenes()
        self._search: tuple[Future[Any], list[tuple[Track, Points]]] | None = None
        self._searched = -math.inf  # when a search was last begun
        self._lost_one = -math.inf  # when a face was last lost
        self._time: float | None = None
        self._frame = 0
        self._next_id = 0

    def update(self, frame: ImageLike, time: float | None = None) -> Faces:
        """Finds the faces of the next frame.

        Args:
            frame: what `Detector.predict` takes. It is not kept, and may be overwritten.
            time: when it was taken, seconds, never less than that of the frame before; None for
                1/30 after it.

        Returns:
            The faces with `ids`, ordered by them: who was there first comes first. Boxes are those
            of the landmarks. `landmarks`, `five_points` and `boxes` are smoothed.

        Raises:
            ImageError: the frame cannot be used. Faces, identities and time are as before.
            OptionError: the time is not a number, or goes back.
        """
        image = load_image(frame)
        now = self._checked_time(time)
        seconds = FRAME if self._time is None or now <= self._time else now - self._time
        first = self._time is None
        self._time = now
        self._frame += 1
        cut = self._scenes.changed(image)
        if cut:
            self._search = None  # whatever it finds was in another scene
        found = self._collect()
        if (first or not self._background) and self._is_due(now, cut):
            self._searched = now
            found = self._compare(_detect(self._mtcnn, image), [(t, t.five) for t in self._tracks])
        newcomers = [Track(five, Smoother(self._strength), score=score) for five, score in found]
        self._advance(image, [*self._tracks, *newcomers], seconds)
        for track in list(self._tracks):
            self._judge(image, track, cut)
        self._part_twins(image)
        for track in newcomers:
            self._admit(image, track)
        self._lost = [t for t in self._lost if now - t.lost_at <= self._memory]
        if self._background and self._search is None and self._is_due(now, cut):
            self._begin_search(image.copy())  # the caller may overwrite the frame
        return self._faces(seconds)

    def _use(self, detector: Detector | None, smoothing: str) -> None:
        """Goes on with another smoothing, and another detector of the same scheme or the same."""
        self._strength = strength_named(smoothing)
        if detector is not None:
            self._mtcnn, self._network = detector._mtcnn, detector._landmarks
            self._scheme = detector.model.scheme
            self._to_five = np.zeros((5, self._scheme.size))  # landmarks -> five points, as means
            for row, indices in zip(self._to_five, self._scheme.five, strict=True):
                row[list(indices)] = 1 / len(indices)
        for track in self._tracks:
            track.smoother = Smoother(self._strength)

    # --- searching

    def _is_due(self, now: float, cut: bool) -> bool:
        """Whether the whole frame should be searched for faces."""
        if cut or not self._tracks:
            return True
        wait = self._search_every
        if now - self._lost_one <= 1.0:
            wait = min(wait, _SOON)
        if any(t.unsure or t.strikes for t in self._tracks):
            wait = min(wait, _HASTE)
        return now - self._searched >= wait

    def _begin_search(self, image: Image) -> None:
        if self._thread is None:
            # One thread, which ends with this object or at `close`.
            self._thread = ThreadPoolExecutor(1, thread_name_prefix="lapland-tracker")
        assert self._time is not None
        self._searched = self._time
        known = [(track, track.five) for track in self._tracks]
        self._search = self._thread.submit(_detect, self._mtcnn, image), known

    def _collect(self) -> list[tuple[Points, float]]:
        """New faces of a search that has ended."""
        if self._search is None or not self._search[0].done():
            return []
        search, known = self._search
        self._search = None
        return self._compare(search.result(), known)

    def _compare(
        self, found: Found, known: list[tuple[Track, Points]]
    ) -> list[tuple[Points, float]]:
        """Detected faces -> those that nobody follows; the others help their tracks.

        They are compared with where the tracks were in the frame that was searched: that frame is
        some frames old, and faces have moved since.

        Args:
            found: five points (N, 5, 2) and scores (N,).
            known: each track of that frame with its five points there.
        """
        five, scores = found
        then = np.array([five for _, five in known]).reshape(-1, 5, 2)
        of_face = dict(pairs(overlaps(five, then), _SAME_PLACE))
        for row, column in of_face.items():
            track, before = known[column]
            track.unseen = 0
            if track.unsure:  # its landmarks may have strayed: start from the detected points
                track.five = five[row] + (track.five - before).mean(axis=0)
        for column, (track, _) in enumerate(known):
            if track.unsure and column not in of_face.values():
                track.unseen += 1
        taken = (overlaps(five, stacked(self._tracks)) >= _SAME_PLACE).any(axis=1)
        return [
            (five[row], float(scores[row]))
            for row in range(len(five))
            if row not in of_face and not taken[row]
        ]

    # --- following

    def _advance(self, image: Image, tracks: list[Track], seconds: float) -> None:
        """Landmarks of all tracks in this frame, in one run of the network, or two for some."""
        if not tracks:
            return
        starts = np.array([track.start(seconds) for track in tracks])
        fits = self._fit(image, starts)
        again = starts.copy()
        # A face that is not where it was looked for lies off the middle of its crop: again from
        # where it is.
        moved = np.abs((fits.five - starts).mean(axis=1)).max(axis=1)
        for i, track in enumerate(tracks):
            if fits.doubts[i] > self._unsure and track.steady:  # it did not move on as before
                again[i] = track.five
            elif moved[i] > _OFF * extent(fits.five[i]):
                again[i] = fits.five[i]
        rows = np.flatnonzero((again != starts).any(axis=(1, 2)))
        if len(rows):
            fits.improve(rows, self._fit(image, again[rows]))
        for i, track in enumerate(tracks):
            track.landmarks, track.scales = fits.landmarks[i], fits.scales[i]
            track.doubt = float(fits.doubts[i])
            track.moved_to(fits.five[i], seconds)
            track.unsure = track.unsure + 1 if track.doubt > self._unsure else 0
            if not track.unsure:
                track.sure_five, track.sure_velocity = track.five, track.velocity
                track.unseen = 0

    def _fit(self, image: Image, five: Points) -> "_Fits":
        """Landmarks from crops about five points (N, 5, 2)."""
        landmarks, scales = self._network.locate(image, five)
        doubts = scales.mean(axis=1) / portrait_steps(five)
        return _Fits(landmarks, scales, doubts, self._to_five @ landmarks.astype(np.float64))

    def _judge(self, image: Image, track: Track, cut: bool) -> None:
        """Looks whether a face is still there, where that is in question, and ends its track."""
        height, width = image.shape[:2]
        x, y = track.five.mean(axis=0)
        if not (0 <= x < width and 0 <= y < height):
            self._lose(track)
            return
        since = self._frame - track.looked
        wait = _STILL_UNSURE if track.unsure > _STRIKES else 1
        if not (cut or since >= (wait if track.unsure or track.strikes else _LOOK_EVERY)):
            return
        looks = self._look(image, track)
        if cut and track.score >= FACE and track.looks is not None:
            if track.likeness(looks) < _ALIKE:  # someone else, at the same place
                other = Track(track.five, Smoother(self._strength))
                other.landmarks, other.scales = track.landmarks, track.scales
                other.score, other.doubt, other.looked = track.score, track.doubt, track.looked
                self._lose(track, cut)
                self._name(other, looks)
            return
        lost = max(track.strikes, track.unseen) >= _STRIKES
        if lost or (cut and track.score < FACE):
            self._lose(track, cut)
        elif not track.unsure and not track.strikes:
            track.remember(looks)

    def _look(self, image: Image, track: Track) -> NDArray[np.float32]:
        """The O-Net looks at a track; landmarks that strayed start again from its five points."""
        track.looked = self._frame
        track.score, five, looks = look(self._mtcnn, image, track.five)
        track.strikes = 0 if track.score >= FACE else track.strikes + 1
        if track.doubt > self._unsure and track.score >= FACE:
            again = self._fit(image, five[None])
            if again.doubts[0] < track.doubt:
                track.landmarks, track.scales = again.landmarks[0], again.scales[0]
                track.five, track.doubt = again.five[0], float(again.doubts[0])
                if track.doubt <= self._unsure:
                    track.unsure = 0
        return looks

    def _part_twins(self, image: Image) -> None:
        """Where two tracks have come to follow one face, the one it is not loses it."""
        if len(self._tracks) < 2:
            return
        fit = np.triu(overlaps(stacked(self._tracks), stacked(self._tracks)), 1)
        rivals = [(self._tracks[a], self._tracks[b]) for a, b in np.argwhere(fit > _TWINS)]
        for one, other in rivals:
            if one in self._tracks and other in self._tracks:
                looks = look(self._mtcnn, image, one.five)[2]
                self._lose(min(one, other, key=lambda track: track.likeness(looks)))

    # --- identities

    def _admit(self, image: Image, track: Track) -> None:
        """Takes a detected face in, where it still is one and nobody follows it."""
        looks = self._look(image, track)
        if track.score < FACE or track.doubt > _ADMITTED * self._unsure:
            return
        if (overlaps(track.five[None], stacked(self._tracks)) > _TWINS).any():
            return
        self._name(track, looks)

    def _name(self, track: Track, looks: NDArray[np.float32]) -> None:
        """Gives a face the identity of a lost one that it is like, or a new one."""
        now = self._time
        assert now is not None
        best, who = _ALIKE, None
        for lost in self._lost:
            place = lost.expected(now)
            here = (
                place is not None
                and now - lost.lost_at <= _HERE_FOR
                and overlaps(track.five[None], place[None])[0, 0] >= _SAME_PLACE
            )
            bonus = _ALIKE - _ALIKE_HERE if here else 0.0
            likeness = lost.likeness(looks) + bonus
            if likeness >= best:
                best, who = likeness, lost
        if who is None:
            track.id, self._next_id = self._next_id, self._next_id + 1
        else:
            track.id, track.looks = who.id, who.looks
            self._lost.remove(who)
        track.motion = track.velocity = np.zeros(2)
        track.steady = False
        track.remember(looks)
        self._tracks.append(track)
        self._tracks.sort(key=lambda t: t.id)

    def _lose(self, track: Track, cut: bool = False) -> None:
        assert self._time is not None
        if cut:  # where it was says nothing of where it will be
            track.sure_five = None
        self._tracks.remove(track)
        track.lost_at = self._lost_one = self._time
        self._lost.append(track)

    # --- results

    def _faces(self, seconds: float) -> Faces:
        tracks = self._tracks
        k = self._scheme.size
        if not tracks:
            return Faces(*_no_faces(k), self._scheme, np.zeros(0, np.int64))
        landmarks = np.array([t.smoother(t.landmarks, t.scales, seconds) for t in tracks])
        return Faces(
            np.concatenate([landmarks.min(axis=1), landmarks.max(axis=1)], axis=1),
            np.array([t.score for t in tracks], np.float32),
            (self._to_five @ landmarks).astype(np.float32),
            landmarks,
            np.array([t.scales for t in tracks]),
            self._scheme,
            np.array([t.id for t in tracks], np.int64),
        )

    def _checked_time(self, time: object) -> float:
        if time is None:
            return 0.0 if self._time is None else self._time + FRAME
        real = isinstance(time, numbers.Real) and not isinstance(time, bool)
        if not real or not math.isfinite(time):  # type: ignore[arg-type]
            raise OptionError(f"time must be a number of seconds, or None, not {time!r}")
        now = float(time)  # type: ignore[arg-type]
        if self._time is not None and now < self._time:
            raise OptionError(
                f"time must not go back: {now} s after {self._time} s; for another video, or after "
                "a jump back in this one, call reset() first"
            )
        return now


def _detect(mtcnn: Any, image: Image) -> Found:
    _, scores, points = mtcnn.detect(image)
    return points.astype(np.float64), scores


def _no_faces(k: int) -> tuple[NDArray[np.float32], ...]:
    shapes = ((0, 4), (0,), (0, 5, 2), (0, k, 2), (0, k))
    return tuple(np.zeros(shape, np.float32) for shape in shapes)


def _checked_seconds(name: str, value: object, unit: str = "seconds") -> float:
    real = isinstance(value, numbers.Real) and not isinstance(value, bool)
    if not real or not 0 < float(value) < math.inf:  # type: ignore[arg-type]
        raise OptionError(f"{name} must be a number of {unit} above 0, not {value!r}")
    return float(value)  # type: ignore[arg-type]
