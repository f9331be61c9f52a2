"""The default face detector in a graph, as `lapland.detection.paired` has it."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import onnx

from export.stages.candidates import (
    Seen,
    are_alike,
    blazeface_cells,
    merged,
    onestage_cells,
    overlaps,
    upright_boxes,
)
from export.stages.crops import cut, direction, squares, to_image
from export.stages.networks import insert
from export.stages.picture import Picture
from export.stages.portraits import look
from export.stages.shrinking import Shrunk
from export.stages.values import Graph, Value
from lapland.detection.onet import Onet
from lapland.detection.orientation import CERTAIN, FLOOR, HANGS, SURE, TILT, WIDER
from lapland.detection.paired import (
    BOTH,
    CLEAR,
    HARDLY,
    LARGE,
    LEAST,
    MOST_AGAIN,
    POSSIBLE,
    ROLLED,
    SAME,
    SHARE,
    THRESHOLDS,
)
from lapland.detection.portrait import FACTOR, SIDE

MORE = 32  # faces that the O-Net looks at beyond those that are wanted: it drops some


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
        nets: blazeface, onestage and onet.
        photo: the photo.
        min_face: side of the smallest face to look for, pixels.
        faces: how many at most, the largest.
    """
    shrunk = Shrunk(g, photo)
    large = blazeface_cells(g, nets["blazeface"], photo, shrunk)
    small = onestage_cells(g, nets["onestage"], photo, shrunk, min_face)
    seen = merged(g, photo, large, small)
    low, high = seen.boxes.split(2, 1)
    sides = (high - low).max(1)
    is_large = (sides >= LARGE * max(photo.height, photo.width)) & seen.small.apply("Not")
    # Overlaps of float32 are exact enough for a threshold, and half the memory.
    corners = seen.boxes.cast(np.float32)
    shared, own, other = overlaps(corners.reshape(-1, 1, 4), corners)  # (N, N), (N, 1), (N,)
    seen = _by_both(g, seen, is_large, are_alike(shared, own, other, BOTH))
    # Large ones count if two are the same face, and then the better score.
    order = (seen.scores + is_large.cast(np.float32)).order()
    meet = (shared > own.at_most(other) * SAME).take(order).take(order, 1)
    kept = _unlike(g, meet) & (sides.take(order) >= LEAST * min_face)
    kept = order.take(kept).part(0, faces + MORE, 0)
    boxes, scores, points, stay = _checked(g, nets, photo, seen.take(kept), is_large.take(kept))
    low, high = boxes.split(2, 1)
    best = stay.take((high - low).product(1).take(stay).order(faces))
    return Found(boxes.take(best), scores.take(best), points.take(best))


def _by_both(g: Graph, seen: Seen, is_large: Value, alike: Value) -> Seen:
    """Large faces with the better score of both networks, and the points of both.

    Args:
        g: the graph.
        seen: N faces of both networks.
        is_large: (N,) bool, large faces of BlazeFace.
        alike: (N, N) bool, whether the boxes of two are alike.
    """
    scores, five = seen.scores, seen.five_points
    same = alike & seen.small & is_large.reshape(-1, 1)
    seconds = g.where(same, scores, 0.0, np.float32)  # (N, N), the face and another
    # The first column counts as none: no axis is empty.
    seconds = g.concat([scores.reshape(-1, 1) * 0.0, seconds], 1)
    second = seconds.max(1)
    best = g.op("ArgMax", seconds, dtype=np.int64, axis=1, keepdims=0)
    others = five.take((best - 1).at_least(0))
    share = g.where(second > CLEAR, SHARE, 0.0, np.float64)
    five = five + share.reshape(-1, 1, 1) * (others - five)
    return seen._replace(scores=scores.at_least(second), five_points=five)


def _unlike(g: Graph, meet: Value) -> Value:
    """(N,) bool: faces that none of those before meets, whether that stays or not.

    Args:
        g: the graph.
        meet: (N, N) bool, whether two share much of the smaller box; best first.
    """
    before = g.op("Trilu", meet.cast(np.float32), g.value(-1, np.int64), upper=0)
    return before.sum(1) < 0.5


class _Look(NamedTuple):
    """The O-Net's look at N faces.

    Attributes:
        scores: (N,) float32.
        five_points: (N, 5, 2) float64, image pixels.
        stands: (N,) bool, whether they stand upright in the portrait.
    """

    scores: Value
    five_points: Value
    stands: Value


def _checked(
    g: Graph, nets: Mapping[str, onnx.ModelProto], photo: Picture, found: Seen, large: Value
) -> tuple[Value, Value, Value, Value]:
    """N faces in their stance, as `PairedDetector` checks them.

    Args:
        g: the graph.
        nets: the networks.
        photo: the photo.
        found: the faces.
        large: (N,) bool, whether they are large ones of BlazeFace: points of the others are too
            coarse to count beside the O-Net's.

    Returns:
        boxes (N, 4), scores (N,) and five points (N, 5, 2), float32; and indices of those that
        stay.
    """
    plain = direction(g, found.five_points).take(0, 1) > float(np.cos(ROLLED))
    clear = plain & (found.scores > CLEAR)
    # BlazeFace's word is enough for large faces that are clear.
    known = clear & large
    rest = known.apply("Not")
    inner, none = Graph(f"{g.prefix}rest/", g), Graph(f"{g.prefix}known/", g)
    at = inner.within(rest).places()
    some = Seen(*(inner.within(value).take(at) for value in found))
    coarse = inner.within(large).apply("Not")
    marks = (inner.within(mark).take(at) for mark in (plain, clear, coarse))
    seen = _seen(inner, nets, photo.within(inner), some, *marks)
    olds = [*found[:3], known]
    news = [
        *(
            inner.op("ScatterND", inner.within(old), at.reshape(-1, 1), new)
            for old, new in zip(olds[:3], seen[:3], strict=True)
        ),
        inner.op("ScatterElements", inner.within(known), at, seen[3], axis=0),
    ]
    boxes, scores, five, stay = g.either(rest.any(), (inner, news), (none, olds))
    five = ((five * 32.0).apply("Round") / 32.0).cast(np.float32)
    return boxes.cast(np.float32), scores, five, stay.places()


def _seen(
    g: Graph,
    nets: Mapping[str, onnx.ModelProto],
    photo: Picture,
    found: Seen,
    plain: Value,
    clear: Value,
    coarse: Value,
) -> tuple[Value, Value, Value, Value]:
    """The O-Net's look at N > 0 faces, as `PairedDetector` has it.

    Args:
        g: the graph of a branch.
        nets: the networks.
        photo: the photo.
        found: the faces.
        plain: (N,) bool, whether they are seen upright.
        clear: (N,) bool, whether they are, with a high score.
        coarse: (N,) bool, whether their points are too coarse to count beside the O-Net's.

    Returns:
        boxes (N, 4) float64, scores (N,) float32 and five points (N, 5, 2) float64; and whether
        they are faces, (N,) bool.
    """
    five = found.five_points
    portraits, first = _look(g, nets["onet"], photo, five)
    in_doubt = clear.apply("Not") & (found.scores > POSSIBLE) & (first.scores < CERTAIN)
    # The mean odds of two networks, of small faces of three.
    least = float(np.log(THRESHOLDS[2] / (1 - THRESHOLDS[2])))
    own = _odds(found.scores)
    votes = g.where(coarse, own + _odds(first.scores) - 3 * least, own - 2 * least, np.float64)
    possible = plain & (votes > -MOST_AGAIN) & (coarse | (first.scores > HARDLY))
    unsure = (first.stands & (first.scores > SURE)).apply("Not")
    some = in_doubt | (possible & unsure)
    # In a branch, as BlazeFace refuses to run on none, and most faces are certain.
    inner, none = Graph(f"{g.prefix}doubt/", g), Graph(f"{g.prefix}certain/", g)
    values = _seen_again(inner, nets, photo, found, portraits, first, some, in_doubt)
    nothing = none.within(first.scores) * 0.0
    others = [*first, found.boxes, none.op("Greater", nothing, nothing, dtype=np.bool_), nothing]
    score, points, stands, boxes, turned, again = g.either(
        some.any(), (inner, values), (none, others)
    )
    # The O-Net knows no faces in profile or behind masks. The mean of both is steadier than either.
    sure = stands & (score > SURE)
    share = sure.cast(np.float64) * ((turned | coarse).cast(np.float64) * 0.5 + 0.5)
    five = five + share.reshape(-1, 1, 1) * (points - five)
    likely = votes + _odds(again) > 0.0
    stay = sure | (turned.apply("Not") & possible & likely)
    return boxes, g.where(sure, score, found.scores, np.float32), five, stay


def _look(g: Graph, onet: onnx.ModelProto, photo: Picture, five: Value) -> tuple[Value, _Look]:
    """The portraits about five points (N, 5, 2), and the O-Net's look at them."""
    place = squares(g, five, size=SIDE, factor=FACTOR, upright=True)
    portraits = cut(g, photo, place, SIDE)
    scores, points = look(g, onet, portraits)
    points = to_image(place, points - WIDER)
    level = (place.turns.take(0, 2) * direction(g, points)).sum(1) > float(np.cos(TILT))
    return portraits, _Look(scores, points, level)


def _seen_again(
    g: Graph,
    nets: Mapping[str, onnx.ModelProto],
    photo: Picture,
    found: Seen,
    portraits: Value,
    first: _Look,
    some: Value,
    in_doubt: Value,
) -> list[Value]:
    """BlazeFace sees some faces, and both networks those that may hang the other way up.

    Args:
        g: the graph of a branch.
        nets: the networks.
        photo: the photo.
        found: N faces.
        portraits: portraits of them.
        first: the O-Net's first look at them.
        some: (N,) bool, which of them to look at, at least one.
        in_doubt: (N,) bool, which of them may stand the other way up.

    Returns:
        the look at all N faces, those turned that hang; boxes, whether they are turned, and
        BlazeFace's scores of the portraits, 0 for the others.
    """
    some, boxes = g.within(some).places(), g.within(found.boxes)
    first = _Look(*(g.within(value) for value in first))
    over = g.within(in_doubt).take(some).places()
    five = g.within(found.five_points).take(some).take(over)
    # In a branch, as the O-Net refuses to run on none, and most of these faces stand.
    inner = Graph(f"{g.prefix}over/", g)
    around = inner.within(five).part(0, 2, 1).mean(1, keep=True) * 2.0 - five  # of the eyes
    looked = _look(inner, nets["onet"], photo.within(inner), around)
    nothing = np.zeros((0, 3, SIDE, SIDE)), np.zeros(0), np.zeros((0, 5, 2)), np.zeros(0)
    hanging, *values = g.branch(over.count() > 0, inner, [looked[0], *looked[1]], nothing)
    second = _Look(*values)
    given = {"planes": g.concat([g.within(portraits).take(some), hanging], 0)}
    (seen,) = insert(g, nets["blazeface"], "blazeface", given, ["scores"])
    best, count = seen.max(1), some.count()
    again = best.take(g.range(count))
    turned = best.take(g.range(over.count()) + count)
    lead = _odds(turned) - _odds(again.take(over))
    sure = second.stands & (second.scores > SURE)
    hangs = ((sure & (lead > 0.0)) | (lead > HANGS)).places()
    rows = some.take(over.take(hangs))
    at = rows.reshape(-1, 1)
    right = _Look(*(value.take(hangs) for value in second))
    moved = [g.op("ScatterND", old, at, new) for old, new in zip(first[:2], right[:2], strict=True)]
    stands = g.op("ScatterElements", first.stands, rows, right.stands, axis=0)
    boxes = g.op("ScatterND", boxes, at, _boxes_of(g, right.five_points))
    nothing = first.scores * 0.0
    is_turned = g.op("ScatterND", nothing, at, rows.cast(np.float32) * 0.0 + 1.0) > 0.0
    return [
        *moved,
        stands,
        boxes,
        is_turned,
        g.op("ScatterND", nothing, some.reshape(-1, 1), again),
    ]


def _boxes_of(g: Graph, five: Value) -> Value:
    """Boxes (N, 4) of faces whose five points (N, 5, 2) are known, as `paired.boxes_of` has it."""
    x1, y1, x2, y2 = Onet.box_in_portrait
    rows = squares(g, five, size=SIDE, factor=FACTOR, upright=True).rows
    along, down, first = (rows.take(i, 1) for i in range(3))  # (N, 2)
    centre = along * ((x1 + x2) / 2) + down * ((y1 + y2) / 2) + first
    across = along * (x2 - x1)
    side = (across * across).sum(1, keep=True).apply("Sqrt")
    network = five.count() * 0 + 1
    return upright_boxes(g, centre, side, -down, network)


def _odds(scores: Value) -> Value:
    """Logarithms of the odds of probabilities, as `orientation.odds`."""
    bounded = scores.cast(np.float64).clip(FLOOR, 1 - FLOOR)
    return (bounded / (1.0 - bounded)).apply("Log")
