"""Large faces and their five points: BlazeFace, one small network on a shrunken photo.

V. Bazarevsky, Y. Kartynnik, A. Vakunov, K. Raveendran and M. Grundmann, "BlazeFace: Sub-millisecond
Neural Face Detection on Mobile GPUs", CVPR Workshop on Computer Vision for AR/VR, 2019. The network
sees the whole photo at 128 pixels, and faces from about a sixth of that on. Each of its anchors
gives a score, a box and six points: eyes, nose, middle of the mouth, ears. Anchors that see the
same face are averaged by their scores, as in the paper, so that points are steady.
"""

import numpy as np

from ..crop.halves import Halves
from ..networks.session import Session
from .base import Image, Result
from .merging import Found, centres, merged, padded, upright_boxes
from .mtcnn_boxes import Floats

SIDE = 128  # pixels of the photo's longer side, as the network sees it
CELL = 16  # pixels: it wants whole cells of this size
_BATCH = 16  # images in one run
# Of centre, sides and six points, those that are places: 1, and the sides 0.
_PLACES = np.array([1, 0, 1, 1, 1, 1, 1, 1], np.float64)[:, None]
_HALF = 0.5 * _PLACES  # places between the edges of the image -> pixels with centres at integers
ANCHORS = ((8, 2), (16, 6))  # pixels of a cell, anchors in each
# The six points (the person's right eye, left eye, nose, mouth, right ear, left ear) -> the five of
# MTCNN, as weighted means; and MTCNN's box: how far it lies towards the forehead, and how wide and
# high it is, in sides of BlazeFace's. `python -m export.blazeface_points` fits them on open photos.
FIVE_OF_SIX = np.array(
    [
        [0.861, 0.218, -0.019, 0.001, 0.054, -0.115],
        [0.218, 0.861, -0.019, 0.001, -0.115, 0.054],
        [0.032, 0.032, 0.859, 0.045, 0.016, 0.016],
        [0.339, -0.237, -0.294, 1.119, 0.102, -0.029],
        [-0.237, 0.339, -0.294, 1.119, -0.029, 0.102],
    ]
)
BOX = np.array([0.103, 0.88, 1.2])
UP = np.array([0.5, 0.5, 0.0, -1.0, 0.0, 0.0])  # six points -> the direction of the forehead


class BlazeFace:
    """The network, ready to run. Calls may come from several threads.

    Args:
        model: bytes of the ONNX file.
        threshold: least score of a face.
        threads: threads for one run; None is onnxruntime's choice.

    Raises:
        ModelError: the file is damaged.
    """

    def __init__(self, model: bytes, *, threshold: float, threads: int | None) -> None:
        self._session = Session(model, name="blazeface.onnx", threads=threads)
        self._threshold = threshold

    def find(self, halves: Halves) -> Found:
        """Large faces of an image, upright or leaning by up to 60 degrees."""
        scores, values = self._seen(halves)
        return Found(_boxes(values), scores, FIVE_OF_SIX @ values[:, 2:])

    def best_scores(self, images: list[Image]) -> Result:
        """The best score of any anchor in each of N > 0 images of one size that 16 divides."""
        parts = [
            self._session.run(["scores"], {"images": np.stack(images[start : start + _BATCH])})[0]
            for start in range(0, len(images), _BATCH)
        ]
        best: Result = np.concatenate(parts).max(axis=1)
        return best

    def raw(self, halves: Halves) -> Floats:
        """The output of the network for each face: (N, 8, 2) centre, sides and six points."""
        return self._seen(halves)[1]

    def _seen(self, halves: Halves) -> tuple[Result, Floats]:
        """Scores (N,), and values (N, 8, 2) in image pixels, best first."""
        small, rates = _shrunk(halves)
        scores, values = merged(*self._candidates(small))
        return scores, values * rates - _HALF

    def _candidates(self, small: Image) -> tuple[Result, Floats]:
        """Anchors that see a face: scores (N,), and (N, 8, 2) centre, sides and six points."""
        image = padded(small, CELL)
        scores, offsets = self._session.run(["scores", "offsets"], {"images": image})
        chosen = np.flatnonzero(scores[0] > self._threshold)
        values = offsets[0, chosen].reshape(-1, 8, 2).astype(np.float64)
        values += centres(*image.shape[1:3], ANCHORS)[chosen, None] * _PLACES
        return scores[0, chosen], values


def _shrunk(halves: Halves) -> tuple[Image, Floats]:
    """The image as the network sees it, and (2,), pixels of the image in one of its pixels."""
    height, width = halves.image.shape[:2]
    rate = SIDE / max(height, width)
    size = max(1, round(width * rate)), max(1, round(height * rate))
    return halves.at(*size), np.array([width / size[0], height / size[1]])


def _boxes(values: Floats) -> Floats:
    """Centre, sides and points (N, 8, 2) -> boxes (N, 4) in MTCNN's proportions."""
    side = values[:, 1].sum(axis=1, keepdims=True) / 2
    return upright_boxes(values[:, 0], side, UP @ values[:, 2:], BOX)
