"""Follows tracks from one frame to the next: crops about where faces were, landmarks, looks."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._detector import Detector
from ._image import Image
from ._texture import TEXTURE
from ._tracks import (
    LARGEST_OFFSET,
    Points,
    Track,
    apart,
    extent,
    look,
    portrait_axes,
    portrait_step,
    turned,
)

FACE = 0.5  # score of the O-Net from which it sees a face
_OFF = 0.15  # how far off its crop's middle a face is cropped again, in sides of the five points
# Up to which ratio of its doubt to that of the crop about the last landmarks the crop of a face's
# usual size is taken: where light or focus fail, the wrong size is often a little surer.
_USUAL_SIZE = 1.08


@dataclass
class Fits:
    """What the network made of N crops.

    Attributes:
        starts: (N, 5, 2), what the crops were about.
        landmarks: (N, K, 2).
        scales: (N, K).
        doubts: (N,).
        five: (N, 5, 2), the five points of the landmarks.
        textures: (N, 5 + K), of the crops; of no meaning where the model is not calibrated.
    """

    starts: Points
    landmarks: NDArray[np.float32]
    scales: NDArray[np.float32]
    doubts: NDArray[np.float64]
    five: Points
    textures: NDArray[np.float32]

    def improve(self, rows: list[int], others: "Fits", favours: Sequence[float]) -> None:
        """Takes, for each of these rows, the surer of what there is and what is given.

        Args:
            rows: of this, one for each row of the others.
            others: what is given.
            favours: (M,), how many times the doubt of what there is the other's may be.
        """
        for other, row in enumerate(rows):
            if others.doubts[other] < favours[other] * self.doubts[row]:
                for mine, theirs in zip(vars(self).values(), vars(others).values(), strict=True):
                    mine[row] = theirs[other]


class Follower:
    """The networks of a detector, as a tracker uses them.

    Args:
        detector: whose networks they are.
        unsure: doubt above which landmarks are not trusted.
    """

    def __init__(self, detector: Detector, unsure: float) -> None:
        self.mtcnn, self._network = detector._mtcnn, detector._landmarks
        self.scheme, self.calibration = detector.model.scheme, detector.model.calibration
        self._unsure = unsure
        self._portrait_step = portrait_step(detector.model)
        self._to_five = np.zeros((5, self.scheme.size))  # landmarks -> five points, as means
        for row, indices in zip(self._to_five, self.scheme.five, strict=True):
            row[list(indices)] = 1 / len(indices)

    def five_of(self, landmarks: NDArray[Any]) -> Points:
        """(N, K, 2) landmarks -> (N, 5, 2) float64."""
        five: Points = self._to_five @ landmarks.astype(np.float64)
        return five

    def fit(self, image: Image, five: Points) -> Fits:
        """Landmarks from crops about five points (N, 5, 2)."""
        landmarks, scales, steps, textures = self._network.locate(image, five, textured=True)
        doubts = scales.mean(axis=1) / (steps * self._portrait_step)
        if textures is None:
            textures = np.zeros((len(five), TEXTURE + self.scheme.size), np.float32)
        return Fits(five, landmarks, scales, doubts, self.five_of(landmarks), textures)

    def advance(self, image: Image, tracks: list[Track], seconds: float) -> None:
        """Landmarks of all tracks in this frame, in one run of the network, or two for some."""
        if not tracks:
            return
        offsets = np.array([track.offset for track in tracks])
        five = np.array([track.foreseen(seconds) for track in tracks])
        starts = five + turned(offsets, portrait_axes(five))
        fits = self.fit(image, starts)
        again: dict[int, Points] = {}
        favours: list[float] = []
        # A face that is not where it was looked for lies off the middle of its crop: again from
        # where it is.
        moved = np.abs((fits.five - starts).mean(axis=1)).max(axis=1)
        for i, track in enumerate(tracks):
            favour = 1.0
            if fits.doubts[i] > self._unsure and (track.steady or track.turning):
                # It did not move on as before.
                again[i] = track.five
            elif track.hint is not None and apart(fits.five[i], track.hint) > LARGEST_OFFSET:
                again[i] = track.hint
            elif moved[i] > _OFF * extent(fits.five[i]):
                again[i] = fits.five[i]
            elif track.is_uneasy(float(fits.doubts[i])) and not track.unsure:
                # Strayed, perhaps: as it last was sure.
                again[i] = track.easy_five + (fits.five[i] - track.easy_five).mean(axis=0)
                favour = _USUAL_SIZE
            else:
                continue
            favours.append(favour)
        if again:
            fits.improve(list(again), self.fit(image, np.array(list(again.values()))), favours)
        for i, track in enumerate(tracks):
            if track.detected is not None:
                track.compare(track.detected, fits.five[i])
            track.detected = track.hint = None
            track.moved_to(fits.five[i], seconds)
            self._take(track, fits, i)
            track.get_used(fits.starts[i])
            track.unsure = track.unsure + 1 if track.doubt > self._unsure else 0
            if track.unsure:
                track.five = track.held()
            else:
                track.sure_five, track.sure_velocity = track.five, track.velocity
                track.unseen = 0

    def look(self, image: Image, track: Track) -> NDArray[np.float32]:
        """The O-Net looks at a track; landmarks that strayed start again from its five points.

        They have strayed where they are less sure than they were, and where the O-Net puts the
        points elsewhere: a mouth that is seen in a beard makes the next crop larger, in which it is
        seen there again.

        Returns:
            the looks of the face, as `_tracks.look` has them.
        """
        track.score, five, looks = look(self.mtcnn, image, track.five)
        track.strikes = 0 if track.score >= FACE else track.strikes + 1
        strayed = (
            track.is_uneasy(track.doubt)
            or track.doubt > self._unsure
            or apart(track.five, five) > LARGEST_OFFSET
        )
        if strayed and track.score >= FACE:
            again = self.fit(image, five[None])
            # Of two that are both unsure, the surer is not the better.
            if again.doubts[0] < min(track.doubt, np.nextafter(self._unsure, np.inf)):
                track.five = again.five[0]
                self._take(track, again, 0)
                track.unsure = 0
        return looks

    @staticmethod
    def _take(track: Track, fits: Fits, row: int) -> None:
        track.landmarks, track.scales = fits.landmarks[row], fits.scales[row]
        track.doubt, track.texture = float(fits.doubts[row]), fits.textures[row]
