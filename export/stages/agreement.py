"""Faces that are none, as `lapland.landmarks.agreement` finds them.

If landmarks differ from the detector's five points, the O-Net looks at the portrait about them. The
SDK goes on to place faces anew that were found the wrong way up; the graph does not.
"""

import numpy as np
import onnx

from export.stages.crops import cut, squares
from export.stages.networks import insert
from export.stages.picture import Picture
from export.stages.values import Graph, Value
from lapland.detection.mtcnn import Mtcnn
from lapland.detection.mtcnn_boxes import GREY
from lapland.detection.portrait import FACE, FACTOR, SIDE
from lapland.landmarks.agreement import DOUBTFUL, SURE
from lapland.schemes.five_points import means_of
from lapland.schemes.scheme import Scheme

_SAMPLES = 48  # along a side of the O-Net's input


def kept(
    g: Graph,
    onet: onnx.ModelProto,
    photo: Picture,
    five_points: Value,
    landmarks: Value,
    confidence: Value,
    scheme: Scheme,
) -> Value:
    """Indices of the faces, (M,) int64.

    Args:
        g: the graph.
        onet: the network.
        photo: the photo.
        five_points: (N, 5, 2) float32, N > 0, about which the crops were.
        landmarks: (N, K, 2) float32, image pixels.
        confidence: (N,) float32; faces that say that they are unsure may stay.
        scheme: of the landmarks.
    """
    five = g.value(means_of(scheme), np.float64) @ landmarks.cast(np.float64)
    steps = squares(g, five, size=SIDE, factor=FACTOR, upright=True).steps
    apart = (five - five_points.cast(np.float64)).apply("Abs").max(2).max(1, keep=True) / steps
    doubtful = (apart.reshape(-1) > DOUBTFUL).places()
    inner = Graph(f"{g.prefix}look/", g)
    few = inner.within(doubtful)
    score = _score(inner, onet, photo.within(inner), inner.within(five).take(few))
    sure = inner.within(confidence).take(few) >= SURE
    lost = few.take(((score < FACE) & sure).places())
    (lost,) = g.branch(doubtful.count() > 0, inner, [lost], [np.zeros(0)])
    every = g.range(five_points.count())
    times = every.reshape(-1, 1).equals(lost.reshape(1, -1)).cast(np.float32).sum(1)
    return (times > 0.0).apply("Not").places()


def _score(g: Graph, onet: onnx.ModelProto, photo: Picture, five: Value) -> Value:
    """(N, 5, 2) -> (N,), the O-Net's probability of a face in the portraits."""
    portraits = cut(g, photo, squares(g, five, size=SIDE, factor=FACTOR, upright=True), SIDE)
    left, top, right, bottom = Mtcnn.box_in_portrait
    columns, rows = (_samples(first, last) for first, last in ((left, right), (top, bottom)))
    seen = g.value(rows, np.float32) @ portraits @ columns.T
    beyond = ~(rows.any(axis=1)[:, None] & columns.any(axis=1))
    given = {"planes": g.where(g.value(beyond, np.bool_), GREY, seen, np.float32)}
    (score,) = insert(g, onet, "onet", given, ["scores"])
    return score.reshape(-1)


def _samples(first: float, last: float) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    """(48, 80): samples along a side of a portrait, as `mtcnn_boxes.crops` takes them.

    Zeros if a sample lies outside.
    """
    at = (first + (last - first) * np.arange(_SAMPLES) / (_SAMPLES - 1)) * ((SIDE - 1) / SIDE)
    matrix = np.maximum(1 - np.abs(at[:, None] - np.arange(SIDE)), 0)
    matrix[(at < 0) | (at > SIDE - 1)] = 0
    return matrix
