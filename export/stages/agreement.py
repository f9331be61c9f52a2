"""Faces that are none or were found the wrong way up, as `lapland.landmarks.agreement` has it.

If landmarks differ from the five points of their crop, the O-Net looks at the portrait about them.
It rejects some, and others are placed anew from its own points. Each round is a branch within that
of the round before, with copies of both networks, and runs only if a face needs it.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import onnx
from numpy.typing import NDArray

from export.stages.crops import cut, squares, to_image
from export.stages.locating import Located
from export.stages.networks import insert
from export.stages.picture import Picture
from export.stages.values import Graph, Value
from lapland.detection.mtcnn import Mtcnn
from lapland.detection.mtcnn_boxes import GREY
from lapland.detection.portrait import FACE, FACTOR, LARGEST_OFFSET, SIDE
from lapland.landmarks.agreement import CLOSE, DOUBTFUL, FAR, NEAR
from lapland.schemes.five_points import means_of
from lapland.schemes.scheme import Scheme

_SAMPLES = 48  # along a side of the O-Net's input
_SAME = 0.5  # least IoU of two boxes of one face


class Checker(NamedTuple):
    """What the check needs of the networks.

    Attributes:
        photo: the photo.
        onet: the O-Net.
        locate: five points (N, 5, 2) of N > 0 faces -> their landmarks, in the graph given.
        scheme: of the landmarks.
    """

    photo: Picture
    onet: onnx.ModelProto
    locate: Callable[[Graph, Value], Located]
    scheme: Scheme

    def five_of(self, g: Graph, landmarks: Value) -> Value:
        """(N, K, 2) -> (N, 5, 2) float64."""
        return g.value(means_of(self.scheme), np.float64) @ landmarks.cast(np.float64)

    def look(self, g: Graph, five: Value) -> tuple[Value, Value]:
        """The O-Net's look at the portraits about N > 0 five points (N, 5, 2) float64.

        Returns:
            scores (N,) float32, and the O-Net's own points (N, 5, 2) float64, image pixels.
        """
        found = squares(g, five, size=SIDE, factor=FACTOR, upright=True)
        scores, points = look(g, self.onet, cut(g, self.photo.within(g), found, SIDE))
        return scores, to_image(found, points)


class Agreement(NamedTuple):
    """N faces after the check.

    Attributes:
        located: their landmarks.
        boxes: (N, 4) float32.
        lost: (N,) bool, whether the O-Net sees no face there.
        twins: (N,) bool, whether a face that was placed anew is one that was found as well.
    """

    located: Located
    boxes: Value
    lost: Value
    twins: Value


def checked(g: Graph, checker: Checker, rounds: int, boxes: Value, located: Located) -> Agreement:
    """Looks at the faces whose landmarks differ from the five points of their crops.

    Args:
        g: the graph.
        checker: the networks.
        rounds: how often a face may be placed anew.
        boxes: (N, 4) float32, N > 0.
        located: the landmarks.
    """
    five = checker.five_of(g, located.landmarks)
    off = _apart(g, five, located.five_points)
    doubtful = (off > DOUBTFUL).places()
    inner = Graph(f"{g.prefix}look/", g)
    found = _looked_at(inner, checker, rounds, doubtful, five, off)
    placed = inner.concat([found.located.landmarks.min(1), found.located.landmarks.max(1)], 1)
    twins = _twins(inner, inner.within(boxes), placed, found)
    results = [twins, placed, *found.values()]
    none = [np.zeros(0), np.zeros((0, 4)), *_Outcome.none(checker)]
    twins, placed, *values = g.branch(doubtful.count() > 0, inner, results, none)
    found = _Outcome.of(values)
    # Old rows, then new ones: each face takes the last of its rows.
    every = g.range(boxes.count())
    rows = g.range(found.moved.count()) + every.count()
    order = g.op("ScatterElements", every, found.moved, rows, axis=0)
    pairs = zip((boxes, *located), (placed, *found.located), strict=True)
    boxes, *merged = (g.concat([old, new], 0).take(order) for old, new in pairs)
    marks = [_among(g, every, indices) for indices in (found.lost, twins)]
    return Agreement(Located(*merged), boxes, *marks)


class _Outcome(NamedTuple):
    """What became of some faces.

    Attributes:
        lost: indices of those that are none.
        moved: indices of the M that were placed anew.
        located: landmarks of these.
    """

    lost: Value
    moved: Value
    located: Located

    def values(self) -> list[Value]:
        """All in one list, as a branch gives them."""
        return [self.lost, self.moved, *self.located]

    @staticmethod
    def of(values: Sequence[Value]) -> "_Outcome":
        """The inverse of `values`."""
        return _Outcome(values[0], values[1], Located(*values[2:]))

    @staticmethod
    def none(checker: Checker) -> list[NDArray[np.float64]]:
        """The arrays of no face."""
        return [np.zeros(0), np.zeros(0), *Located.none(checker.scheme.size)]

    def and_(self, other: "_Outcome") -> "_Outcome":
        """Both together."""
        pairs = zip(self.values(), other.values(), strict=True)
        return _Outcome.of([one.graph.concat([one, more], 0) for one, more in pairs])


def _looked_at(
    g: Graph, checker: Checker, rounds: int, doubtful: Value, five: Value, off: Value
) -> _Outcome:
    """The first look at D > 0 doubtful faces, and all that follows from it.

    Args:
        g: the branch for it.
        checker: the networks.
        rounds: how often a face may be placed anew.
        doubtful: (D,) int64, their indices.
        five: (N, 5, 2) float64, five points of the landmarks of all faces.
        off: (N,) float64, their difference from those of the crops.
    """
    few, first = g.within(doubtful), g.within(five).take(doubtful)
    # A crop about points that are far off is a bad one, even if its landmarks agree.
    far = g.within(off).take(few) > LARGEST_OFFSET
    agreed = g.where(far, CLOSE, NEAR, np.float64)
    turned = first.mean(1, keep=True) * 2.0 - first
    scores, points = checker.look(g, g.concat([first, turned], 0))
    (score, turned_score), (start, turned) = scores.split(2, 0), points.split(2, 0)
    gone = score < FACE
    lost = few.take(gone.places())
    if rounds == 0:  # values of nodes: constants are no outputs of a branch
        none = zip((np.int64, *[np.float32] * 5), _Outcome.none(checker)[1:], strict=True)
        return _Outcome.of([lost, *(g.op("Identity", g.value(v, t)) for t, v in none)])
    apart = _apart(g, first, start)
    open_ = ((apart > agreed) & gone.apply("Not")).places()
    better, another = (turned_score > score).take(open_), (apart > FAR).take(open_)
    found = _first_round(g, checker, rounds, start.take(open_), turned.take(open_), better, another)
    at = few.take(open_)
    return _Outcome(g.concat([lost, at.take(found.lost)], 0), at.take(found.moved), found.located)


def _first_round(
    g: Graph,
    checker: Checker,
    rounds: int,
    start: Value,
    turned: Value,
    better: Value,
    another: Value,
) -> _Outcome:
    """Places P faces anew from the O-Net's points, in a branch of its own.

    Those that never settle, profiles and faces that hang, are also tried upside down: that is done
    at once with the first round, as one more copy of the networks would cost more.

    Args:
        g: the graph around it.
        checker: the networks.
        rounds: how often a face may be placed anew.
        start: (P, 5, 2) float64, the O-Net's points.
        turned: likewise, in the portraits turned by 180 degrees.
        better: (P,) bool, whether it sees a face rather in these.
        another: (P,) bool, whether it sees another face at first than the landmark network.
    """
    inner = Graph("round1/", g)
    fits = checker.locate(inner, inner.concat([inner.within(start), inner.within(turned)], 0))
    five = checker.five_of(inner, fits.landmarks)
    scores, points = checker.look(inner, five)
    apart, next_ = _apart(inner, five, points).split(2, 0), points.split(2, 0)[0]
    score = scores.split(2, 0)
    fit, turned_fit = (Located(*half) for half in zip(*(v.split(2, 0) for v in fits), strict=True))
    found, still = _judged(inner.range(score[0].count()), fit, score[0], apart[0])
    if rounds > 1:
        more, still = _later_round(inner, checker, 2, rounds, still, next_.take(still))
        found = found.and_(more)
    wrong = (score[1] < FACE) | (apart[1] > NEAR)
    hanging, wrong = inner.within(better).take(still), wrong.take(still)
    right = still.take((hanging & wrong.apply("Not")).places())
    other = inner.within(another).take(still) & hanging.apply("Not")
    none = still.take(((hanging & wrong) | other).places())
    found = found.and_(_Outcome(none, right, turned_fit.take(right)))
    empty = _Outcome.none(checker)
    return _Outcome.of(g.branch(start.count() > 0, inner, found.values(), empty))


def _later_round(
    g: Graph, checker: Checker, number: int, rounds: int, at: Value, start: Value
) -> tuple[_Outcome, Value]:
    """The same for faces with the numbers `at`; returns as well those that have not settled yet."""
    inner = Graph(f"round{number}/", g)
    fit = checker.locate(inner, inner.within(start))
    five = checker.five_of(inner, fit.landmarks)
    scores, points = checker.look(inner, five)
    mine = inner.within(at)
    places = inner.range(mine.count())
    found, still = _judged(places, fit, scores, _apart(inner, five, points))
    found, rest = _Outcome(mine.take(found.lost), mine.take(found.moved), found.located), still
    still = mine.take(rest)
    if number < rounds:
        more, still = _later_round(inner, checker, number + 1, rounds, still, points.take(rest))
        found = found.and_(more)
    empty = [np.zeros(0), *_Outcome.none(checker)]
    still, *values = g.branch(at.count() > 0, inner, [still, *found.values()], empty)
    return _Outcome.of(values), still


def _judged(at: Value, fit: Located, scores: Value, apart: Value) -> tuple[_Outcome, Value]:
    """Faces that are none, faces that have settled, and the places of the others."""
    gone, far = scores < FACE, apart > CLOSE
    settled = (gone | far).apply("Not").places()
    still = (far & gone.apply("Not")).places()
    return _Outcome(at.take(gone.places()), at.take(settled), fit.take(settled)), still


def look(g: Graph, onet: onnx.ModelProto, portraits: Value) -> tuple[Value, Value]:
    """The O-Net's look at portraits (N, 3, 80, 80) float32.

    Returns:
        scores (N,) float32, probabilities of a face; and its five points (N, 5, 2) float64,
        portrait pixels, multiples of 1/32.
    """
    left, top, right, bottom = Mtcnn.box_in_portrait
    columns, rows = (_samples(first, last) for first, last in ((left, right), (top, bottom)))
    seen = g.value(rows, np.float32) @ portraits @ columns.T
    beyond = ~(rows.any(axis=1)[:, None] & columns.any(axis=1))
    given = {"planes": g.where(g.value(beyond, np.bool_), GREY, seen, np.float32)}
    score, relative = insert(g, onet, f"onet{len(g.nodes)}", given, ["scores", "points"])
    sides = np.array([right - left + 1, bottom - top + 1])
    points = relative.cast(np.float64) * sides + np.array([left - 1, top - 1])
    return score.reshape(-1), (points * 32.0).apply("Round") / 32.0


def _samples(first: float, last: float) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    """(48, 80): samples along a side of a portrait, as `mtcnn_boxes.crops` takes them.

    Zeros if a sample lies outside.
    """
    at = (first + (last - first) * np.arange(_SAMPLES) / (_SAMPLES - 1)) * ((SIDE - 1) / SIDE)
    matrix = np.maximum(1 - np.abs(at[:, None] - np.arange(SIDE)), 0)
    matrix[(at < 0) | (at > SIDE - 1)] = 0
    return matrix


def _apart(g: Graph, five: Value, others: Value) -> Value:
    """(N,) float64, the largest difference of five points from others, in portrait pixels."""
    steps = squares(g, five, size=SIDE, factor=FACTOR, upright=True).steps
    off = (five - others.cast(np.float64)).apply("Abs")
    return (off.max(2).max(1, keep=True) / steps).reshape(-1)


def _among(g: Graph, every: Value, few: Value) -> Value:
    """(N,) bool, whether each index is one of a few."""
    times = every.reshape(-1, 1).equals(few.reshape(1, -1)).cast(np.float32).sum(1)
    return times > 0.0


def _twins(g: Graph, boxes: Value, placed: Value, found: _Outcome) -> Value:
    """Indices of faces that were placed anew at the box (M, 4) of a face that stays."""
    gone = _among(g, g.range(boxes.count()), g.concat([found.lost, found.moved], 0))
    low, high = placed.reshape(-1, 1, 4).split(2, 2)  # (M, 1, 2)
    other_low, other_high = boxes.reshape(1, -1, 4).split(2, 2)  # (1, N, 2)
    sides = (high.at_most(other_high) - low.at_least(other_low)).apply("Relu")
    shared, own, other = (_area(value) for value in (sides, high - low, other_high - other_low))
    meet = (shared > (own + other - shared) * _SAME) & gone.apply("Not")
    return found.moved.take((meet.cast(np.float32).sum(1) > 0.0).places())


def _area(sides: Value) -> Value:
    """(..., 2) -> (...)."""
    return sides.take(0, 2) * sides.take(1, 2)
