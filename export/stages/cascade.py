"""MTCNN in a graph: P-Net, R-Net and O-Net as `lapland.detection.mtcnn` runs them."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import onnx
from onnx import numpy_helper

from export.stages import pyramid
from export.stages.boxes import crops, moved, square, suppress
from export.stages.networks import insert
from export.stages.picture import Picture
from export.stages.values import Graph, Value
from lapland.detection.mtcnn import CELL, STRIDE

THRESHOLDS = (0.6, 0.7, 0.7)


class Found(NamedTuple):
    """Faces, largest first.

    Attributes:
        boxes: (N, 4) float32.
        scores: (N,) float32.
        five_points: (N, 5, 2) float32.
    """

    boxes: Value
    scores: Value
    five_points: Value


def detect(
    g: Graph, nets: Mapping[str, onnx.ModelProto], photo: Picture, min_face: int, faces: int
) -> Found:
    """The faces of a photo.

    Args:
        g: the graph.
        nets: pnet, rnet and onet.
        photo: the photo.
        min_face: side of the smallest face to look for, pixels.
        faces: how many at most, the largest.
    """
    boxes = square(g, _propose(g, nets["pnet"], photo, min_face))
    boxes = square(g, _refine(g, nets["rnet"], photo, boxes))
    scores, boxes, points = _finish(g, nets["onet"], photo, boxes)
    boxes = boxes.cast(np.float32)
    width, height = (boxes.part(i + 2, i + 3, 1) - boxes.part(i, i + 1, 1) for i in range(2))
    order = (width * height).reshape(-1).order(faces)
    points = ((points.take(order) * 32.0).apply("Round") / 32.0).cast(np.float32)
    return Found(boxes.take(order), scores.take(order), points)


def _propose(g: Graph, pnet: onnx.ModelProto, photo: Picture, min_face: int) -> Value:
    """The P-Net over the pyramid -> (N, 4) boxes."""
    made = pyramid.levels(g, photo, min_face)
    heads, ends, widths = [], [], []
    # The first layer divides by the unit of the levels.
    kernel = next(t for t in pnet.graph.initializer if t.name == "conv1_w")
    first = g.value(numpy_helper.to_array(kernel) / pyramid.UNIT, np.float32)
    for number, (_, (height, width), level) in enumerate(made):
        # Offsets and logit of each window: what follows in the network is done for all levels.
        given = {"planes": level, "conv1_w": first}
        (head,) = insert(g, pnet, f"pnet{number}", given, ["heads"])
        heads.append(head.reshape(5, -1))
        rows, columns = (_windows(side) for side in (height, width))
        ends.append(rows * columns)
        widths.append(columns)
    outputs = g.concat(heads, 1)  # (5, M)
    every = outputs.part(4, 5, 0).reshape(-1).apply("Sigmoid")
    chosen = (every > THRESHOLDS[0]).places()
    last = np.cumsum(ends)
    levels = (chosen.reshape(-1, 1) >= last).cast(np.int64).sum(1)
    place = chosen - g.value(last - ends, np.int64).take(levels)
    columns_of = g.value(np.array(widths), np.int64).take(levels)
    y = place // columns_of
    x = place - y * columns_of
    corner = g.concat([x.reshape(-1, 1), y.reshape(-1, 1)], 1) * STRIDE + 1
    corners = g.concat([corner, corner + (CELL - 1)], 1).cast(np.float64)
    offsets = outputs.take(chosen, 1).part(0, 4, 0).transpose(1, 0)
    moves = (offsets * (CELL - 1.0)).cast(np.float64)
    scales = g.value(np.array([scale for scale, _, _ in made]), np.float64)
    boxes = (corners + moves) / scales.take(levels).reshape(-1, 1)
    chosen_scores = every.take(chosen)
    kept = suppress(g, boxes, chosen_scores, 0.5, kind="union", levels=levels)
    boxes = boxes.take(kept)
    return boxes.take(suppress(g, boxes, chosen_scores.take(kept), 0.7, kind="union"))


def _refine(g: Graph, rnet: onnx.ModelProto, photo: Picture, boxes: Value) -> Value:
    """The R-Net on square boxes (N, 4) -> those that remain, moved."""
    given = {"planes": crops(g, photo, boxes, 24)}
    scores, offsets = insert(g, rnet, "rnet", given, ["scores", "offsets"])
    boxes, scores = moved(g, boxes, offsets), scores.reshape(-1)
    sure = (scores > THRESHOLDS[1]).places()
    boxes = boxes.take(sure)
    return boxes.take(suppress(g, boxes, scores.take(sure), 0.7, kind="union"))


def _finish(
    g: Graph, onet: onnx.ModelProto, photo: Picture, boxes: Value
) -> tuple[Value, Value, Value]:
    """The O-Net on square boxes (N, 4) -> scores, moved boxes and points of faces, best first."""
    given, wanted = {"planes": crops(g, photo, boxes, 48)}, ["scores", "offsets", "points"]
    scores, offsets, relative = insert(g, onet, "onet", given, wanted)
    first, last = boxes.part(0, 2, 1), boxes.part(2, 4, 1)
    sides = (last - first + 1.0).reshape(-1, 1, 2)
    points = first.reshape(-1, 1, 2) + sides * relative.cast(np.float64) - 1.0
    boxes, scores = moved(g, boxes, offsets), scores.reshape(-1)
    sure = (scores > THRESHOLDS[2]).places()
    best = sure.take(suppress(g, boxes.take(sure), scores.take(sure), 0.7, kind="min"))
    return scores.take(best), boxes.take(best), points.take(best)


def _windows(side: int) -> int:
    """Windows of the P-Net along a side of a level: a 3 x 3 convolution, a pool of 2, two more."""
    return -(-(side - 2) // 2) - 4
