"""The interface of face detectors: faces in an image, and five points in known boxes."""

from typing import NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from ..crop.halves import Photo
from ..image.loading import Image as Image

Result = npt.NDArray[np.float32]


class Detections(NamedTuple):
    """Faces of one image, best first; N = 0 if there are none.

    Coordinates are image pixels with pixel centres at integers. Boxes and points may lie beyond the
    image if its border cuts a face.

    Attributes:
        boxes: (N, 4) float32, x1, y1, x2, y2, on the lines through the centres of the first and
            last columns and rows.
        scores: (N,) float32 in 0..1.
        five_points: (N, 5, 2) float32, x and y of the left eye, right eye, nose, left and right
            corner of the mouth; left and right as seen in an upright face.
    """

    boxes: Result
    scores: Result
    five_points: Result


class FaceDetector(Protocol):
    """A face detector. Calls may come from several threads.

    Attributes:
        box_in_portrait: (x1, y1, x2, y2) of the face's box in its portrait, the upright crop of 80
            pixels with a side of 3 about its five points. With it, a tracker asks `five_points` for
            a second opinion of a face that it follows.
    """

    @property
    def box_in_portrait(self) -> tuple[float, float, float, float]:
        """Place of the box, portrait pixels."""
        ...

    def detect(self, image: Photo) -> Detections:
        """Finds the faces of an image.

        Args:
            image: (H, W, 3) uint8, BGR; or with its halves, which the crops then share.
        """
        ...

    def five_points(self, image: Image, boxes: npt.ArrayLike) -> tuple[Result, Result]:
        """Places the five points in boxes that are known already.

        Args:
            image: (H, W, 3) uint8, BGR.
            boxes: (N, 4) x1, y1, x2, y2 in image pixels. They may reach beyond the image.

        Returns:
            scores (N,) float32 and five points (N, 5, 2) float32, in the order of the boxes. A low
            score says that the network sees no face there.

        Raises:
            GeometryError: the boxes are not finite numbers of that shape with x1 < x2 and y1 < y2.
        """
        ...
