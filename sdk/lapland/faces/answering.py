"""Answers of faces, and of one face, which asks as if it were alone in a photo."""

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..base.arrays import Float32
from ..base.once import once
from ..image.loading import ImageLike
from ..schemes.scheme import Scheme
from ..uncertainty.border import ImageSize
from ..uncertainty.recorded import AnyCalibration
from .heads import FacesHeads
from .parts import FacesParts, Shape

if TYPE_CHECKING:  # the methods import these when they are called
    from ..answers.openness import Eyes, Mouth
    from ..answers.poses import Pose


class FacesAnswers(FacesHeads, FacesParts):
    """All answers of N faces; `Faces` is one."""


class FaceAnswers:
    """Answers for one face, from the arrays that `Face` holds."""

    landmarks: Float32
    scales: Float32
    scheme: Scheme
    texture: Float32 | None
    calibration: AnyCalibration | None
    image_size: ImageSize | None

    def radius(self, probability: float) -> Float32:
        """(K,) float32: see `Faces.radius`."""
        radii: Float32 = self._alone.radius(probability)[0]
        return radii

    @property
    def confidence(self) -> float:
        """0 to 1: see `Faces.confidence`."""
        return float(self._alone.confidence[0])

    def pose(self, focal: float | None = None, centre: ArrayLike | None = None) -> "Pose":
        """See `Faces.pose`."""
        return self._alone.pose(focal, centre)[0]

    @property
    def eyes(self) -> "Eyes":
        """See `Faces.eyes`; arrays (2,)."""
        from ..answers.openness import Eyes

        eyes = self._alone.eyes
        return Eyes(eyes.openness[0], eyes.deviations[0], eyes.closed[0])

    @property
    def mouth(self) -> "Mouth":
        """See `Faces.mouth`; numbers."""
        from ..answers.openness import Mouth

        mouth = self._alone.mouth
        return Mouth(float(np.ravel(mouth.openness)[0]), float(np.ravel(mouth.deviation)[0]))

    def part(self, name: str) -> Float32:
        """(P, 2): see `Faces.part`."""
        points: Float32 = self._alone.part(name)[0]
        return points

    @property
    def five_landmarks(self) -> Float32:
        """(5, 2): see `Faces.five_landmarks`."""
        points: Float32 = self._alone.five_landmarks[0]
        return points

    def outline(self, *, forehead: bool = True) -> NDArray[np.float64]:
        """(P, 2): see `Faces.outlines`."""
        return self._alone.outlines(forehead=forehead)[0]

    @property
    def triangles(self) -> NDArray[np.int32]:
        """(T, 3): see `Faces.triangles`."""
        return self._alone.triangles

    def mask(self, image: ImageLike | Shape, name: str = "face") -> NDArray[np.bool_]:
        """(H, W): see `Faces.masks`."""
        mask: NDArray[np.bool_] = self._alone.masks(image, name)[0]
        return mask

    def chip(self, image: ImageLike, size: int = 112, layout: str = "arcface") -> NDArray[np.uint8]:
        """(size, size, 3) uint8 BGR: see `Faces.chips`."""
        return self._alone.chips(image, size, layout)[0]

    @once
    def _alone(self) -> FacesAnswers:
        faces = FacesAnswers()
        faces.landmarks, faces.scales = self.landmarks[None], self.scales[None]
        faces.scheme, faces.calibration = self.scheme, self.calibration
        faces.textures = None if self.texture is None else self.texture[None]
        faces.image_size = self.image_size
        return faces

    def __getstate__(self) -> dict[str, Any]:
        """The fields: pickles and copies answer anew."""
        return {name: value for name, value in vars(self).items() if name != "_alone"}


def answers_to_dict(face: FaceAnswers, *, pose: bool, eyes: bool) -> dict[str, Any]:
    """Entries that `Face.to_dict` adds on request, plain numbers."""
    plain: dict[str, Any] = {}
    if pose:
        plain["pose"] = face.pose().to_dict()
    if eyes:
        found, mouth = face.eyes, face.mouth
        plain["eyes"] = {
            "openness": [round(float(v), 3) for v in found.openness],
            "closed": [round(float(v), 4) for v in found.closed],
        }
        plain["mouth"] = {"openness": round(float(mouth.openness), 3)}
    return plain
