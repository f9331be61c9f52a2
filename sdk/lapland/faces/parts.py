"""Parts of faces: their landmarks, outlines, masks, and chips cut out of the photo."""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ..base.arrays import Float32
from ..base.errors import OptionError, shown
from ..image.loading import ImageLike, load_image
from ..schemes.ibug68 import expect_68
from ..schemes.scheme import Scheme
from .certainty import FacesCertainty

if TYPE_CHECKING:  # the methods import these when they are called
    from ..answers.chips import Chips

Shape = tuple[int, int]


class FacesParts(FacesCertainty):
    """Parts, outlines, masks and chips of N faces."""

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

        expect_68(self.scheme, "outlines")
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

        expect_68(self.scheme, "triangles")
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

        expect_68(self.scheme, "masks")
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
            expect_68(self.scheme, "chips of the layout 'dlib'")
        pixels = load_image(image)
        return cut_chips(pixels, self.landmarks, self.five_landmarks, size, layout)


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
