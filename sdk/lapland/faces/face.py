"""Face: one face of a photo."""

import os
from dataclasses import dataclass, field
from typing import Any, NoReturn

import numpy as np

from ..base.arrays import Float32
from ..base.checks import check_flags, checked_path
from ..base.files import write_whole
from ..base.hints import FACES, Hinting
from ..formats.pts import to_pts
from ..schemes.ibug68 import IBUG68
from ..schemes.scheme import Scheme
from ..uncertainty.border import ImageSize
from ..uncertainty.recorded import RECORDED, AnyCalibration
from .answering import FaceAnswers, answers_to_dict

_DIGITS = 3  # thousandths of a pixel, finer than any landmark is known


@dataclass(frozen=True, eq=False)
class Face(FaceAnswers, Hinting):
    """One face of a photo; coordinates are image pixels, the first pixel's centre at (0, 0).

    Attributes:
        box: (4,) float32, x1, y1, x2, y2; may reach beyond the image.
        score: the detector's probability of a face, 0 to 1.
        five_points: (5, 2) float32, left eye, right eye, nose, left and right corner of the mouth,
            left and right as seen in the image.
        landmarks: (K, 2) float32, x and y.
        scales: (K,) float32, the Laplace scale of each landmark in pixels; small is sure.
        scheme: the annotation scheme, with the meaning of each landmark.
        id: who it is among the frames of a video, from `Tracker`; None from `Detector`.
        texture: (5 + K,) float32, sharpness and noise of the crop, and detail around each landmark;
            the calibration recognises blur, noise and covers by it. None if not measured.
        calibration: the meaning of the scales, from the model; None if the model has none.
        image_size: width and height of the photo, pixels; None if it is not known.
    """

    box: Float32
    score: float
    five_points: Float32
    landmarks: Float32
    scales: Float32
    scheme: Scheme = IBUG68
    id: int | None = None
    texture: Float32 | None = None
    calibration: AnyCalibration | None = field(default=None, repr=False)
    image_size: ImageSize | None = None

    def _hint(self, name: str) -> str | None:
        return face_hint(self.scheme, name)

    def __getitem__(self, name: object) -> NoReturn:
        """Names the attribute: other packages have dictionaries of parts."""
        hint = self._hint(str(name)) or "`face.landmarks`, `face.box` and others"
        raise TypeError(f"a Face has no items; lapland has {hint}")

    def __repr__(self) -> str:
        x1, y1, x2, y2 = self.box
        name = "" if self.id is None else f" {self.id}"
        size = f"{x2 - x1:.0f} x {y2 - y1:.0f} px at ({x1:.0f}, {y1:.0f})"
        return f"<face{name}, {size}, score {self.score:.2f}, {self.scheme.size} landmarks>"

    def to_dict(self, *, pose: bool = False, eyes: bool = False) -> dict[str, Any]:
        """The face as plain lists and numbers, rounded to a thousandth.

        `id` is there if the face has one; `confidence`, and the radii of its landmarks at 50 and
        90 %, `radius_50` and `radius_90`, if its model is calibrated.

        Args:
            pose: also `pose`: yaw, pitch, roll and the radii of their 90 % intervals, degrees.
            eyes: also `eyes` (openness, and probability of closed, of left and right) and `mouth`.
        """
        check_flags(pose=pose, eyes=eyes)
        return {
            **({} if self.id is None else {"id": self.id}),
            "box": plain(self.box),
            "score": round(float(self.score), 4),
            **({} if self.texture is None else {"confidence": round(self.confidence, 4)}),
            "five_points": plain(self.five_points),
            "landmarks": plain(self.landmarks),
            "scales": plain(self.scales),
            **self._radii(),
            **answers_to_dict(self, pose=pose, eyes=eyes),
        }

    def _radii(self) -> dict[str, Any]:
        if self.calibration is None or not self.calibration.has_radii:
            return {}
        return {radius_key(p): plain(self.radius(p)) for p in RECORDED}

    def save_pts(self, path: str | os.PathLike[str]) -> None:
        """Writes the landmarks as an iBUG `.pts` file, whose coordinates are 1-based.

        Raises:
            OSError: the file cannot be written.
            OptionError: `path` is none.
        """
        write_whole(checked_path(path), to_pts(self.landmarks).encode("ascii"))


def face_hint(scheme: Scheme, name: str) -> str | None:
    """The name here for a part of the result of other packages."""
    return f"`part({name!r})`" if name in scheme.parts else FACES.get(name)


def radius_key(probability: float) -> str:
    """The name of radii in a line, as `radius_90`."""
    return f"radius_{round(100 * probability)}"


def plain(array: Float32) -> Any:
    """The numbers as lists, rounded to a thousandth of a pixel."""
    return np.round(array.astype(np.float64), _DIGITS).tolist()
