"""The O-Net's look at portraits, as `lapland.detection.onet` and `orientation` have it."""

import numpy as np
import onnx
from numpy.typing import NDArray

from export.stages.networks import insert
from export.stages.values import Graph, Value
from lapland.detection.mtcnn_boxes import GREY
from lapland.detection.onet import SIZE, Onet
from lapland.detection.portrait import SIDE


def look(g: Graph, onet: onnx.ModelProto, portraits: Value) -> tuple[Value, Value]:
    """The O-Net's look at portraits (N, 3, 80, 80) float32.

    Args:
        g: the graph.
        onet: the O-Net.
        portraits: the portraits.

    Returns:
        scores (N,) float32, probabilities of a face; and its five points (N, 5, 2) float64,
        portrait pixels, multiples of 1/32.
    """
    left, top, right, bottom = Onet.box_in_portrait
    x, y = (_places(first, last) for first, last in ((left, right), (top, bottom)))
    # The box lies within the portrait except for its top; pixels beyond are grey.
    y = y * ((SIDE - 1) / SIDE)
    beyond = (y < 0)[:, None]
    before = np.maximum(y, 0).astype(np.int64)
    after = np.maximum(y - before, 0)[:, None]
    seen = portraits.take(before, 2) * (1 - after) + portraits.take(before + 1, 2) * after
    seen = seen @ _samples(x * ((SIDE - 1) / SIDE))
    given = {"planes": g.where(g.value(beyond, np.bool_), GREY, seen, np.float32)}
    score, relative = insert(g, onet, f"onet{len(g.nodes)}", given, ["scores", "points"])
    sides = np.array([right - left + 1, bottom - top + 1])
    points = relative.cast(np.float64) * sides + np.array([left - 1, top - 1])
    return score.reshape(-1), (points * 32.0).apply("Round") / 32.0


def _places(first: float, last: float) -> NDArray[np.float64]:
    """(48,), from one end of a box to the other."""
    return first + (last - first) * np.arange(SIZE) / (SIZE - 1)


def _samples(at: NDArray[np.float64]) -> NDArray[np.float64]:
    """(48,) -> (80, 48): samples along the rows of a portrait, as `mtcnn_boxes.crops` has it."""
    matrix: NDArray[np.float64] = np.maximum(1 - np.abs(at - np.arange(SIDE)[:, None]), 0)
    return matrix
