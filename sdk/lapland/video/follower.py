"""Follows tracks from one frame to the next: crops about faces, landmarks, looks."""

from collections.abc import Sequence

import numpy as np

from ..crop.texture import TEXTURE
from ..detection.portrait import FACE, shifted
from ..detector import Detector
from ..image.loading import Image
from ..schemes.five_points import five_of
from .clock import Step
from .fit import Fit
from .matching import Points
from .portrait import Picture, Sight, look, portrait_pixel
from .track import Track


class Follower:
    """The networks of a detector, as a tracker uses them.

    Args:
        detector: whose networks they are.
        unsure: mean scale above which landmarks are not trusted, portrait pixels.

    Attributes:
        unsure: the same.
        face_detector: finds faces; its last stage is the O-Net, or stands for it.
        scheme: the meaning of each landmark.
        calibration: the meaning of the scales; None if the model has none.
    """

    def __init__(self, detector: Detector, unsure: float) -> None:
        self.face_detector, self._network = detector.networks.faces, detector.networks.landmarks
        self.scheme, self.calibration = detector.model.scheme, detector.model.calibration
        self.unsure = unsure
        self._portrait_pixel = portrait_pixel(detector.model)

    def fit(self, image: Image, starts: Points) -> list[Fit]:
        """Landmarks from crops about five points (N, 5, 2)."""
        landmarks, scales, pixels, textures = self._network.locate(image, starts, textured=True)
        mean_scales = (scales.mean(axis=1) / (pixels * self._portrait_pixel)).tolist()
        if textures is None:
            textures = np.zeros((len(starts), TEXTURE + self.scheme.size), np.float32)
        five = five_of(self.scheme, landmarks)
        unsure = [mean_scale > self.unsure for mean_scale in mean_scales]
        columns = starts, landmarks, scales, textures, five, mean_scales, unsure
        return [Fit(*row) for row in zip(*columns, strict=True)]

    def advance(self, image: Image, tracks: Sequence[Track], step: Step) -> None:
        """Landmarks of all tracks in this frame, in one run of the network, or two for some."""
        if not tracks:
            return
        five = np.array([track.motion.foreseen(step.seconds) for track in tracks])
        offsets = np.array([track.offset.points for track in tracks])
        fits = self.fit(image, shifted(five, offsets))
        again = {
            i: start for i, t in enumerate(tracks) if (start := t.second_start(fits[i])) is not None
        }
        if again:
            others = self.fit(image, np.array([start for start, _ in again.values()]))
            for (i, (_, ratio)), other in zip(again.items(), others, strict=True):
                if other.mean_scale < ratio * fits[i].mean_scale:
                    fits[i] = other
        for track, fit in zip(tracks, fits, strict=True):
            track.advance(fit, step)

    def look(self, image: Image, track: Track, now: float) -> Picture:
        """The O-Net looks at a track; landmarks that strayed start again from its five points.

        Returns:
            the picture of the face.
        """
        sight = self.sight(image, track.five_points)
        track.presence.seen(sight.score, now)
        if sight.score < FACE or not track.may_have_strayed(sight.five_points):
            return sight.picture
        if track.refit(self.fit(image, sight.five_points[None])[0]):
            sight = self.sight(image, track.five_points)
        return sight.picture

    def sight(self, image: Image, five_points: Points) -> Sight:
        """The O-Net looks at a place, five points (5, 2)."""
        return look(self.face_detector, image, five_points)
