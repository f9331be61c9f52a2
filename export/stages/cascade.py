"""MTCNN in a graph: P-Net, R-Net and O-Net as `lapland.detection.mtcnn` runs them."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import onnx

from export.stages import pyramid
from export.stages.boxes import crops, moved, square, suppress
from export.stages.networks import insert
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
    g: Graph,
    nets: Mapping[str, onnx.ModelProto],
    planes: Value,
    size: tuple[int, int],
    min_face: int,
    faces: int,
) -> Found:
    """The faces of a photo.

    Args:
        g: the graph.
        nets: pnet, rnet and onet.
        planes: (1, 3, H, W) float32, blue, green, red.
        size: H and W.
        min_face: side of the smallest face to look for, pixels.
        faces: how many at most, the largest.
    """
    boxes = square(g, _propose(g, nets["pnet"], planes, size, min_face))
    small = crops(g, planes, boxes, 24, size)
    scores, offsets = insert(g, nets["rnet"], "rnet", {"planes": small}, ["scores", "offsets"])
    boxes, scores = moved(g, boxes, offsets), scores.reshape(-1)
    sure = (scores > THRESHOLDS[1]).places()
    kept = sure.take(suppress(g, boxes.take(sure), scores.take(sure), 0.7, kind="union"))
    boxes = square(g, boxes.take(kept))

    large = crops(g, planes, boxes, 48, size)
    wanted = ["scores", "offsets", "points"]
    scores, offsets, relative = insert(g, nets["onet"], "onet", {"planes": large}, wanted)
    first, last = boxes.part(0, 2, 1), boxes.part(2, 4, 1)
    sides = (last - first + 1.0).reshape(-1, 1, 2)
    points = first.reshape(-1, 1, 2) + sides * relative.cast(np.float64) - 1.0
    boxes, scores = moved(g, boxes, offsets), scores.reshape(-1)
    sure = (scores > THRESHOLDS[2]).places()
    kept = sure.take(suppress(g, boxes.take(sure), scores.take(sure), 0.7, kind="min"))

    boxes = boxes.take(kept).cast(np.float32)
    width, height = (boxes.part(i + 2, i + 3, 1) - boxes.part(i, i + 1, 1) for i in range(2))
    order = (width * height).reshape(-1).order(faces)
    kept = kept.take(order)
    points = ((points.take(kept) * 32.0).apply("Round") / 32.0).cast(np.float32)
    return Found(boxes.take(order), scores.take(kept), points)


def _propose(
    g: Graph, pnet: onnx.ModelProto, planes: Value, size: tuple[int, int], min_face: int
) -> Value:
    """The P-Net over the pyramid -> (N, 4) boxes."""
    made = pyramid.levels(g, planes, size, min_face)
    scores, offsets, ends, widths = [], [], [], []
    for number, (_, _, level) in enumerate(made):
        name, given = f"pnet{number}", {"planes": level}
        score, offset = insert(g, pnet, name, given, ["scores", "offsets"])
        scores.append(score.reshape(-1))
        offsets.append(offset.reshape(4, -1))
    for _, (height, width), _ in made:
        rows, columns = (_windows(side) for side in (height, width))
        ends.append(rows * columns)
        widths.append(columns)
    every = g.concat(scores, 0)
    chosen = (every > THRESHOLDS[0]).places()
    last = np.cumsum(ends)
    levels = (chosen.reshape(-1, 1) >= last).cast(np.int64).sum(1)
    place = chosen - g.value(last - ends, np.int64).take(levels)
    columns_of = g.value(np.array(widths), np.int64).take(levels)
    y = place // columns_of
    x = place - y * columns_of
    first = g.concat([x.reshape(-1, 1), y.reshape(-1, 1)], 1) * STRIDE + 1
    corners = g.concat([first, first + (CELL - 1)], 1).cast(np.float64)
    moves = (g.concat(offsets, 1).take(chosen, 1).transpose(1, 0) * (CELL - 1.0)).cast(np.float64)
    scales = g.value(np.array([scale for scale, _, _ in made]), np.float64)
    boxes = (corners + moves) / scales.take(levels).reshape(-1, 1)
    chosen_scores = every.take(chosen)
    kept = suppress(g, boxes, chosen_scores, 0.5, kind="union", levels=levels)
    boxes = boxes.take(kept)
    return boxes.take(suppress(g, boxes, chosen_scores.take(kept), 0.7, kind="union"))


def _windows(side: int) -> int:
    """Windows of the P-Net along a side of a level: a 3 x 3 convolution, a pool of 2, two more."""
    return -(-(side - 2) // 2) - 4
