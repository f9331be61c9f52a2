"""Questions that faces answer: radii, confidence, pose, eyes, mouth, parts, masks, chips.

`FacesAnswers` is part of `Faces` and answers for N faces; `FaceAnswers` is part of `Face`.
"""

import functools
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..base.arrays import Float32
from ..base.errors import ModelError, OptionError, shown
from ..image.loading import ImageLike, load_image
from ..schemes.ibug68 import IBUG68
from ..schemes.scheme import Scheme
from ..uncertainty.border import ImageSize
from ..uncertainty.recorded import AnyCalibration, AnyEstimate

if TYPE_CHECKING:  # the methods import these when they are called
    from ..answers.chips import Chips
    from ..answers.openness import Eyes, Mouth
    from ..answers.poses import Pose, Poses

Shape = tuple[int, int]
# Half of the landmarks lie within 1.18 standard deviations of their coordinates.
_HALF = float(np.sqrt(2 * np.log(2)))
_UNCALIBRATED = 0.8  # deviations in Laplace scales, about the mean of the shipped models


class FacesAnswers:
    """Answers for N faces, from the arrays that `Faces` holds."""

    landmarks: Float32
    scales: Float32
    scheme: Scheme
    textures: Float32 | None
    calibration: AnyCalibration | None
    image_size: ImageSize | None

    def radius(self, probability: float) -> Float32:
        """How far from each landmark its true place lies at most, with a probability.

        Half of the landmarks lie within `radius(0.5)`, nine in ten within `radius(0.9)`: measured
        on annotated faces that the network was not trained on, sharp ones and corrupted ones. The
        true place is the annotation, which has errors of its own. Landmarks at the border of the
        photo and beyond have radii of landmarks that are not seen.

        Args:
            probability: above 0 and below 1. 1 to 99 % were measured; beyond,
                a Weibull distribution continues them.

        Returns:
            (N, K) float32, image pixels: the radius of a circle about each landmark.

        Raises:
            OptionError: the probability is not between 0 and 1.
            ModelError: the faces come from a model without calibration.
        """
        return self._estimate.radii(probability)

    @property
    def confidence(self) -> Float32:
        """(N,) float32, 0 to 1: the probability that the landmarks of a face are good.

        Good is a mean error below 8 % of the distance of the outer corners of the eyes (of the side
        of the face, for schemes without these). `faces[faces.confidence > 0.5]` leaves out the
        faces that are probably not good.

        Raises:
            ModelError: the faces come from a model without calibration.
        """
        return self._estimate.confidence()

    def pose(self, focal: float | None = None, centre: ArrayLike | None = None) -> "Poses":
        """Where each head turns, and how sure that is.

        Yaw is positive if the nose points to the left of the picture, pitch if the face looks up,
        roll if the head leans clockwise on the screen; all are 0 for a face that looks into the
        camera.

        Args:
            focal: focal length of the camera in pixels, for distances.
            centre: (x, y) of the optical axis in image pixels, usually the middle of the image:
                angles are then those to the camera's axes, not to the line of sight.

        Raises:
            OptionError: the landmarks are not the 68 of `IBUG68`, or `focal` is no length.
        """
        from ..answers.pose import head_poses

        _expect_68(self.scheme, "pose")
        if focal is None and centre is None:
            return self._poses
        return head_poses(self.landmarks, self._deviations, focal=focal, centre=centre)

    @property
    def eyes(self) -> "Eyes":
        """How far each eye is open, and the probability that it is closed; arrays (N, 2).

        Raises:
            OptionError: the landmarks are not the 68 of `IBUG68`.
        """
        from ..answers.openness import eyes_of

        _expect_68(self.scheme, "eyes")
        return eyes_of(self.landmarks, self._deviations, self._poses, self._labels)

    @property
    def mouth(self) -> "Mouth":
        """How far each mouth is open; arrays (N,).

        Raises:
            OptionError: the landmarks are not the 68 of `IBUG68`.
        """
        from ..answers.openness import mouths_of

        _expect_68(self.scheme, "mouth")
        return mouths_of(self.landmarks, self._deviations, self._poses, self._labels)

    def part(self, name: str) -> Float32:
        """(N, P, 2) landmarks of a part, as `left_eye`, `outer_lips`, `chin`, `without_jaw`.

        Raises:
            OptionError: there is no such part; the message lists all.
        """
        points: Float32 = self.landmarks[:, list(self.scheme.part(name))]
        return points

    @property
    def five_landmarks(self) -> Float32:
        """(N, 5, 2) left eye, right eye, nose, corners of the mouth, as means of landmarks.

        Finer than `five_points`, which are the detector's.
        """
        rows = [self.landmarks[:, list(indices)].mean(axis=1) for indices in self.scheme.five]
        return np.stack(rows, axis=1)

    def outlines(self, *, forehead: bool = True) -> list[NDArray[np.float64]]:
        """A polygon (P, 2) about each face: jaw and forehead, which is guessed, or jaw and brows.

        Raises:
            OptionError: the landmarks are not the 68 of `IBUG68`.
        """
        from ..answers.outline import face_polygon

        _expect_68(self.scheme, "outlines")
        return [face_polygon(points, forehead=forehead) for points in self.landmarks]

    @property
    def triangles(self) -> NDArray[np.int32]:
        """(T, 3) read-only: triangles between the landmarks, the same for every face.

        Corners are indices of landmarks, counter-clockwise in the picture. The mouth's opening and
        the eyes are covered, too.

        Raises:
            OptionError: the landmarks are not the 68 of `IBUG68`.
        """
        from ..answers.outline import triangles

        _expect_68(self.scheme, "triangles")
        return triangles()

    def masks(self, image: ImageLike | Shape, name: str = "face") -> NDArray[np.bool_]:
        """(N, H, W) bool: the pixels of a part of each face.

        Args:
            image: the photo, or its (height, width).
            name: `face` (with the forehead), `skin`, `eyes`, `left_eye`, `right_eye`, `lips`,
                `mouth` or `inner_mouth`.

        Raises:
            OptionError: there is no such mask, or the landmarks are not the 68 of `IBUG68`.
            ImageError: the image cannot be used.
        """
        from ..answers.outline import checked_mask, mask_of

        _expect_68(self.scheme, "masks")
        inside, outside = checked_mask(name)
        shape = _shape_of(image)
        masks = np.zeros((len(self.landmarks), *shape), np.bool_)
        for mask, points in zip(masks, self.landmarks, strict=True):
            mask[:] = mask_of(
                shape,
                [_polygon(points, self.scheme, part) for part in inside],
                [_polygon(points, self.scheme, part) for part in outside],
            )
        return masks

    def chips(self, image: ImageLike, size: int = 112, layout: str = "arcface") -> "Chips":
        """Upright faces of one size, cut by a template.

        Args:
            image: the photo that the faces are of.
            size: side of a chip in pixels; a multiple of 112 or 128 for `arcface`.
            layout: `arcface` as insightface's `norm_crop`, `dlib` as dlib's `get_face_chip`, or
                `portrait`, the whole head.

        Raises:
            OptionError: the layout is unknown, or size or landmarks do not suit it.
            ImageError: the image cannot be used.
        """
        from ..answers.chips import cut_chips

        if layout == "dlib":
            _expect_68(self.scheme, "chips of the layout 'dlib'")
        pixels = load_image(image)
        return cut_chips(pixels, self.landmarks, self.five_landmarks, size, layout)

    def _answer_columns(self, *, pose: bool, eyes: bool) -> dict[str, NDArray[np.float32]]:
        """Name -> (N,) column of a table; the names that `lapland track` gives in its CSV."""
        columns: dict[str, NDArray[Any]] = {}
        if pose:
            poses, names = self.pose(), ("yaw", "pitch", "roll")
            columns |= dict(zip(names, poses.angles.T, strict=True))
            radii = poses.radius(0.9).T
            columns |= {f"{n}_radius_90": row for n, row in zip(names, radii, strict=True)}
        if eyes:
            found = self.eyes
            columns |= dict(zip(("left_eye", "right_eye"), found.openness.T, strict=True))
            columns |= dict(zip(("left_closed", "right_closed"), found.closed.T, strict=True))
            columns["mouth"] = np.asarray(self.mouth.openness, np.float32)
        return columns

    # The arrays of faces do not change, so what several answers share is computed once.
    @functools.cached_property
    def _estimate(self) -> AnyEstimate:
        """Radii and confidence.

        Raises:
            ModelError: the faces come from a model without calibration.
        """
        if self.calibration is None or self.textures is None:
            raise ModelError(
                "expected faces of a calibrated model; these come from a model without "
                "calibration; `python -m export.rcn WEIGHTS --data FOLDER` calibrates a model"
            )
        faces = self.landmarks, self.scales, self.textures
        return self.calibration.estimate(*faces, self.image_size)

    @functools.cached_property
    def _deviations(self) -> NDArray[np.float64]:
        """(N, K) standard deviation of each coordinate, pixels; from scales if uncalibrated."""
        if self.calibration is None or not self.calibration.has_radii:
            return self.scales.astype(np.float64) * _UNCALIBRATED
        return self._estimate.radii(0.5).astype(np.float64) / _HALF

    @property
    def _labels(self) -> str:
        return "" if self.calibration is None else self.calibration.labels

    @functools.cached_property
    def _poses(self) -> "Poses":
        """To the line of sight."""
        from ..answers.pose import head_poses

        return head_poses(self.landmarks, self._deviations)


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

    @functools.cached_property
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


def _polygon(points: Float32, scheme: Scheme, part: str) -> NDArray[np.float64]:
    if part == "face":
        from ..answers.outline import face_polygon

        return face_polygon(points)
    return points[list(scheme.part(part))].astype(np.float64)


def _shape_of(image: ImageLike | Shape) -> Shape:
    if isinstance(image, tuple):
        if len(image) < 2 or not all(isinstance(v, (int, np.integer)) and v > 0 for v in image[:2]):
            raise OptionError(f"image: expected a photo or its (height, width), not {shown(image)}")
        return int(image[0]), int(image[1])
    height, width = load_image(image).shape[:2]
    return height, width


def _expect_68(scheme: Scheme, answer: str) -> None:
    if scheme is not IBUG68:
        raise OptionError(
            f"{answer}: expected the 68 landmarks of IBUG68, not those of {scheme.name}"
        )
