"""Small faces and their five points: one network in one pass over a shrunken photo.

It gives a score, a square and five points for each cell of 8 pixels, and of 16 for larger faces.
`python -m training.detector` trained two on open photos: one for faces that are upright or lean by
up to 60 degrees, and one for faces at any angle. Cells that see the same face are averaged by their
scores.
"""

import numpy as np

from ..crop.halves import Halves
from ..networks.session import Session
from .base import Image, Result
from .merging import Found, centres, merged, padded, upright_boxes
from .mtcnn_boxes import Floats

# Pixels: sides of the smallest face and of the largest, in the photo as the network sees it.
SMALLEST, LARGEST = 20, 150
COARSER = 4  # sizes of the photo in which the network looks for all faces differ by this
LEVELS = ((8, 1), (16, 1))  # pixels of a cell of each level; each cell counts once
# The box of MTCNN in the network's square: in its middle, as high as the square, and narrower.
BOX = np.array([0.0, 0.74, 1.02])
# Half a pixel, but not for the sides, of middle, sides and five points: places between the edges of
# the image -> pixels with centres at integers.
_HALF = np.array([0.5, 0.0, 0.5, 0.5, 0.5, 0.5, 0.5])[:, None]
UP = np.array([0.5, 0.5, 0.0, -0.5, -0.5])  # five points -> the direction of the forehead


class OneStage:
    """The network, ready to run. Calls may come from several threads.

    Args:
        model: bytes of the ONNX file.
        min_face: side of the smallest face, pixels of the photo.
        threshold: least score of a face.
        threads: threads for one run; None is onnxruntime's choice.

    Raises:
        ModelError: the file is damaged.
    """

    def __init__(
        self, model: bytes, *, min_face: int, threshold: float, threads: int | None
    ) -> None:
        self._session = Session(model, name="onestage.onnx", threads=threads)
        self._rate = SMALLEST / min_face
        self._least = float(np.log(threshold / (1 - threshold)))  # as a logit

    def find(self, halves: Halves, *, all_sizes: bool = False) -> Found:
        """Faces of an image.

        Args:
            halves: the image.
            all_sizes: whether to look for large faces too; without, faces are found that are up to
                7 times as large as the smallest.
        """
        longer, rate = max(halves.image.shape[:2]), self._rate
        parts = [self._cells(halves, rate)]
        while all_sizes and LARGEST / rate < longer:
            rate /= COARSER
            parts.append(self._cells(halves, rate))
        scores, values = merged(*(np.concatenate(column) for column in zip(*parts, strict=True)))
        values -= _HALF
        side = values[:, 1].sum(axis=1, keepdims=True) / 2
        boxes = upright_boxes(values[:, 0], side, UP @ values[:, 2:], BOX)
        return Found(boxes, scores, values[:, 2:])

    def _cells(self, halves: Halves, rate: float) -> tuple[Result, Floats]:
        """Cells of the image at a rate: scores (N,), and values (N, 7, 2) in image pixels."""
        height, width = halves.image.shape[:2]
        size = max(1, round(width * rate)), max(1, round(height * rate))
        scores, values = self._candidates(halves.at(*size))
        values *= np.array([width / size[0], height / size[1]])
        return scores, values

    def _candidates(self, small: Image) -> tuple[Result, Floats]:
        """Cells that see a face: scores (N,), and (N, 7, 2) middle, sides and five points."""
        image = padded(small, LEVELS[-1][0])
        (cells,) = self._session.run(["cells"], {"images": image})
        chosen = np.flatnonzero(cells[0, :, 0] > self._least)
        rows = cells[0, chosen].astype(np.float64)
        scores = (1 / (1 + np.exp(-rows[:, 0]))).astype(np.float32)
        # The middle counts from that of the cell, the side is a logarithm, and the five points
        # count from the middle, in sides. The network was trained with pixels whose centres are at
        # integers.
        values = np.empty((len(rows), 7, 2))
        values[:, 0] = rows[:, 1:3] + centres(*image.shape[1:3], LEVELS)[chosen] + 0.5
        values[:, 1] = np.exp(rows[:, 3:4])
        values[:, 2:] = values[:, :1] + values[:, 1:2] * rows[:, 4:].reshape(-1, 5, 2)
        return scores, values
