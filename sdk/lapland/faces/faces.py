"""Faces: the result of `predict`, arrays with one row for each face."""

import operator
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..base.arrays import Float32
from ..base.errors import GeometryError, clipped, shown
from ..base.hints import Hinting
from ..schemes.ibug68 import IBUG68
from ..schemes.scheme import Scheme
from ..uncertainty.border import ImageSize
from ..uncertainty.recorded import AnyCalibration
from .face import Face, face_hint
from .forms import FacesForms

_LARGEST_ID = (1 << 63) - 1


@dataclass(frozen=True, eq=False)
class Faces(FacesForms, Hinting):
    """The N faces of a photo; N may be 0. The arrays are read-only.

    Coordinates are image pixels, the first pixel's centre at (0, 0), x to the right, y down.
    `faces[0]` and iteration give a `Face`; a slice, mask or list of indices gives `Faces`.

    Attributes:
        boxes: (N, 4) float32, x1, y1, x2, y2; may reach beyond the image.
        scores: (N,) float32, the detector's probability of a face, 0 to 1.
        five_points: (N, 5, 2) float32, left eye, right eye, nose, left and right corner of the
            mouth, left and right as seen in the image.
        landmarks: (N, K, 2) float32, x and y.
        scales: (N, K) float32, the Laplace scale of each landmark in pixels; small is sure.
        scheme: the annotation scheme, with the meaning of each landmark.
        ids: (N,) int64, who each face is among the frames of a video, from `Tracker`; None from
            `Detector`, which knows one photo only.
        textures: (N, 5 + K) float32, how sharp and grainy the crops are and how much detail there
            is about each landmark: a calibration distinguishes blur, noise and covers by it; None
            if it was not measured. Of faces from a file their recorded confidence and radii.
        calibration: the meaning of the scales, from the model; None if the model has none.
        image_size: width and height of the photo, pixels; None if it is not known. Landmarks
            beyond its border are not seen, and have larger radii.

    Raises:
        GeometryError: an array has another shape, holds a value that is not finite, an id is not a
            whole number, or textures come without a calibration.
    """

    boxes: Float32
    scores: Float32
    five_points: Float32
    landmarks: Float32
    scales: Float32
    scheme: Scheme = IBUG68
    ids: NDArray[np.int64] | None = None
    textures: Float32 | None = None
    calibration: AnyCalibration | None = None
    image_size: ImageSize | None = None

    def _hint(self, name: str) -> str | None:
        return face_hint(self.scheme, name)

    def __post_init__(self) -> None:
        if not isinstance(self.scheme, Scheme):
            raise GeometryError(
                f"scheme: expected a Scheme, as lapland.SCHEMES['ibug68'], not {shown(self.scheme)}"
            )
        n, k = len(np.atleast_1d(self.scores)), self.scheme.size
        shapes = {
            "boxes": (n, 4),
            "scores": (n,),
            "five_points": (n, 5, 2),
            "landmarks": (n, k, 2),
            "scales": (n, k),
        }
        if (self.textures is None) != (self.calibration is None):
            raise GeometryError("textures and calibration: expected both or neither")
        if self.calibration is not None:
            shapes["textures"] = (n, self.calibration.columns)
        with np.errstate(over="ignore"):  # beyond float32 is infinity then, which is refused
            arrays = {name: _as_float32(name, getattr(self, name)) for name in shapes}
        for name, array in arrays.items():
            if array.shape != shapes[name]:
                raise GeometryError(f"{name}: expected shape {shapes[name]}, not {array.shape}")
            if not np.isfinite(array).all():
                raise GeometryError(f"{name}: expected finite numbers, found NaN or infinity")
            array.flags.writeable = False
            object.__setattr__(self, name, array)
        if self.ids is not None:
            object.__setattr__(self, "ids", _checked_ids(self.ids, n))
        if self.image_size is not None:
            object.__setattr__(self, "image_size", _checked_size(self.image_size))

    @classmethod
    def empty(cls, scheme: Scheme = IBUG68) -> "Faces":
        """No faces."""
        zeros = np.zeros
        size = scheme.size if isinstance(scheme, Scheme) else 0  # the constructor refuses others
        return cls(
            zeros((0, 4), np.float32),
            zeros(0, np.float32),
            zeros((0, 5, 2), np.float32),
            zeros((0, size, 2), np.float32),
            zeros((0, size), np.float32),
            scheme,
        )

    def __reduce__(self) -> tuple[Any, ...]:
        # Rebuilt by the constructor, since numpy's pickles forget that arrays are read-only.
        fields = (self.boxes, self.scores, self.five_points, self.landmarks, self.scales)
        others = (self.scheme, self.ids, self.textures, self.calibration, self.image_size)
        return Faces, (*fields, *others)

    def __len__(self) -> int:
        return len(self.scores)

    def __iter__(self) -> Iterator[Face]:
        return (self[i] for i in range(len(self)))

    @overload
    def __getitem__(self, index: int) -> Face: ...
    @overload
    def __getitem__(self, index: slice | ArrayLike) -> "Faces": ...
    def __getitem__(self, index: Any) -> "Face | Faces":
        if isinstance(index, (int, np.integer)) and not isinstance(index, (bool, np.bool_)):
            return Face(
                self.boxes[index],
                float(self.scores[index]),
                self.five_points[index],
                self.landmarks[index],
                self.scales[index],
                self.scheme,
                None if self.ids is None else int(self.ids[index]),
                None if self.textures is None else self.textures[index],
                self.calibration,
                self.image_size,
            )
        if isinstance(index, str):
            hint = self._hint(index) or "`faces.landmarks`, `faces.boxes` and others"
            raise IndexError(f"faces have no item {shown(index)}; lapland has {hint}")
        if not isinstance(index, slice):
            index = np.asarray(index)
            index = index if index.size else index.astype(np.intp)
        return Faces(
            self.boxes[index],
            self.scores[index],
            self.five_points[index],
            self.landmarks[index],
            self.scales[index],
            self.scheme,
            None if self.ids is None else self.ids[index],
            None if self.textures is None else self.textures[index],
            self.calibration,
            self.image_size,
        )

    def __repr__(self) -> str:
        return (
            f"<{len(self)} face{'' if len(self) == 1 else 's'}, {self.scheme.size} landmarks each>"
        )

    @classmethod
    def from_dict(cls, data: Mapping[str, Any], *, scheme: Scheme | None = None) -> "Faces":
        """The faces of `to_dict`, or of a line that `lapland predict` or `track` wrote.

        Landmarks, scales, ids, confidence, and radii at 50 and 90 % are those of the line. So
        poses, eyes and mouths are those of the faces that were written, except for rounding. Other
        radii are interpolated. Lines of earlier versions have no `labels`, and count
        as of open weights; older ones have no radii: asking for them is a `ModelError`, and pose
        and eyes take the scales in their place.

        Args:
            data: the content of the line, as `json.loads` gives it; other keys are ignored.
            scheme: the scheme, for points of your own (`read_scheme`); None takes the known one of
                the name in `data`.

        Raises:
            GeometryError: it is something else; the message names the part.
            ImageError: the line is that of a photo that could not be used.
            OptionError: no scheme of its name is known, or it is not the given one.

        Example:
            >>> faces = Faces.from_dict(Detector().predict("people.jpg").to_dict())
        """
        from .reading import read_faces

        return cls(**read_faces(data, scheme))

    @classmethod
    def from_json(cls, line: str | bytes, *, scheme: Scheme | None = None) -> "Faces":
        """The faces of one line of JSON: see `from_dict`.

        Example:
            >>> photos = [Faces.from_json(line) for line in open("landmarks.jsonl")]
        """
        from .reading import parsed_line

        return cls.from_dict(parsed_line(line), scheme=scheme)


def _as_float32(name: str, values: object) -> Float32:
    try:
        return np.array(values, dtype=np.float32)  # a copy that is ours
    except (TypeError, ValueError, OverflowError) as error:
        raise GeometryError(f"{name}: expected numbers ({clipped(error)})") from error


def _checked_size(size: Any) -> ImageSize:
    try:
        width, height = (operator.index(side) for side in size)
    except (TypeError, ValueError):
        width = height = 0
    if min(width, height) < 1:
        raise GeometryError(
            f"image_size: expected width and height of the photo in pixels, not {shown(size)}"
        )
    return width, height


def _checked_ids(ids: ArrayLike, n: int) -> NDArray[np.int64]:
    try:
        given = np.asarray(ids)
    except ValueError as error:
        raise GeometryError(f"ids: expected whole numbers ({error})") from error
    if given.shape != (n,):
        raise GeometryError(f"ids: expected shape {(n,)}, not {given.shape}")
    if given.size and (given.dtype.kind not in "iu" or int(given.max()) > _LARGEST_ID):
        raise GeometryError(f"ids: expected whole numbers, not {given.dtype}")
    array = given.astype(np.int64)  # a copy that is ours
    array.flags.writeable = False
    return array
