"""Small faces and their five points: one network in one pass over a shrunken photo.

It gives a score, a square and five points for each cell of 8 pixels, and of 16 for larger faces.
`python -m training.detector` trained it on open photos, for upright faces and for those that lean
by up to 60 degrees. Cells that see the same face are averaged by their scores.
"""

import numpy as np
import numpy.typing as npt

from ..networks.session import Session
from .base import Image, Result
from .merging import Found, padded, seen_in_turns, upright_boxes
from .mtcnn_boxes import Floats
from .pyramid import Halves

SMALLEST = 20  # pixels: side of the smallest face, in the photo as the network sees it
STRIDES = (8, 16)  # pixels of a cell of each level
# The box of MTCNN in the network's square: in its middle, as high as the square, and narrower.
BOX = np.array([0.0, 0.74, 1.02])


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

    def find(self, halves: Halves, *, turns: int = 1) -> Found:
        """Faces of an image, up to 15 times as large as the smallest.

        Args:
            halves: the image.
            turns: 1, or 4 to look at the photo turned by 90, 180 and 270 degrees as well. A face
                may be seen in several of them.
        """
        height, width = halves.image.shape[:2]
        size = max(1, round(width * self._rate)), max(1, round(height * self._rate))
        scores, values, origin = seen_in_turns(halves.at(*size), turns, self._candidates)
        values *= np.array([width / size[0], height / size[1]])
        # Places between the edges of the image -> pixels with centres at integers.
        values[:, [0, 2, 3, 4, 5, 6]] -= 0.5
        up = values[:, 2:4].mean(axis=1) - values[:, 5:].mean(axis=1)
        side = values[:, 1].mean(axis=1, keepdims=True)
        return Found(upright_boxes(values[:, 0], side, up, BOX), scores, values[:, 2:], origin)

    def _candidates(self, small: Image) -> tuple[Result, Floats]:
        """Cells that see a face: scores (N,), and (N, 7, 2) middle, sides and five points."""
        image = padded(small, STRIDES[-1])
        (cells,) = self._session.run(["cells"], {"images": image})
        chosen = np.flatnonzero(cells[0, :, 0] > self._least)
        rows = cells[0, chosen].astype(np.float64)
        scores = (1 / (1 + np.exp(-rows[:, 0]))).astype(np.float32)
        # The middle counts from that of the cell, the side is a logarithm, and the five points
        # count from the middle, in sides. The network was trained with pixels whose centres are at
        # integers.
        values = np.empty((len(rows), 7, 2))
        values[:, 0] = rows[:, 1:3] + _centres(chosen, *image.shape[1:3]) + 0.5
        values[:, 1] = np.exp(rows[:, 3:4])
        values[:, 2:] = values[:, :1] + values[:, 1:2] * rows[:, 4:].reshape(-1, 5, 2)
        return scores, values


def _centres(chosen: npt.NDArray[np.intp], height: int, width: int) -> Floats:
    """(N, 2) middles of some cells of an image of a size, its pixels.

    Args:
        chosen: (N,), numbers of the cells: those of the first level row by row, then the second's.
        height: rows of the image.
        width: its columns.
    """
    fine, coarse = STRIDES
    count = (height // fine) * (width // fine)
    large = chosen >= count
    side = np.where(large, coarse, fine)
    y, x = np.divmod(chosen - count * large, width // side)
    centres: Floats = (np.stack([x, y], axis=-1) + 0.5) * side[:, None]
    return centres
