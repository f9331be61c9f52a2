"""Boxes without a face, and faces found upside down, as in `lapland.landmarks.agreement`.

If landmarks differ from the five points of their crop, the O-Net looks at the portrait about them.
It rejects some, and others are placed anew from its own points. Each round is a branch of its own,
with copies of both networks, and runs only if a face needs it.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import onnx
from numpy.typing import NDArray

from export.stages.candidates import are_alike, overlaps
from export.stages.crops import Squares, cut, squares, to_image
from export.stages.locating import Located
from export.stages.picture import Picture
from export.stages.portraits import look
from export.stages.values import Graph, Value
from lapland.detection.portrait import FACE, FACTOR, LARGEST_OFFSET, SIDE
from lapland.landmarks.agreement import (
    CERTAIN,
    CLOSE,
    DOUBTFUL,
    FAR,
    HABIT,
    NEAR,
    NEARER,
    SAME,
    SURELY_FACE,
)
from lapland.networks.info import ModelInfo
from lapland.schemes.five_points import means_of


class Checker(NamedTuple):
    """The parts of the networks for the check.

    Attributes:
        photo: the photo.
        onet: the O-Net.
        locate: five points (N, 5, 2) of N > 0 faces -> their landmarks, in the graph given.
        info: metadata of the landmark network.
    """

    photo: Picture
    onet: onnx.ModelProto
    locate: Callable[[Graph, Value], Located]
    info: ModelInfo

    def five_of(self, g: Graph, landmarks: Value) -> Value:
        """(N, K, 2) -> (N, 5, 2) float32."""
        return g.value(means_of(self.info.scheme), np.float32) @ landmarks

    def look(self, g: Graph, five: Value) -> tuple[Value, Value]:
        """The O-Net's look at the portraits about N > 0 five points (N, 5, 2).

        Returns:
            scores (N,) float32, and the O-Net's own points (N, 5, 2) float32, image pixels.
        """
        found = squares(g, five, size=SIDE, factor=FACTOR, upright=True)
        scores, points = look(g, self.onet, cut(g, self.photo.within(g), found, SIDE))
        return scores, to_image(found, points).cast(np.float32)


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


def checked(
    g: Graph, checker: Checker, rounds: int, boxes: Value, located: Located, places: Squares
) -> Agreement:
    """Looks at the faces whose landmarks differ from the five points of their crops.

    Args:
        g: the graph.
        checker: the networks.
        rounds: how often a face may be placed anew.
        boxes: (N, 4) float32, N > 0.
        located: the landmarks.
        places: squares of their crops.
    """
    five = checker.five_of(g, located.landmarks)
    off, steps = _differences(g, five, located.five_points, places, checker.info)
    most = steps * (CERTAIN * checker.info.unsure)
    certain = located.scales.mean(1, keep=True) < most
    are_doubtful = off > g.where(certain.reshape(-1), LARGEST_OFFSET, DOUBTFUL, np.float32)
    some, none = Graph(f"{g.prefix}look/", g), Graph(f"{g.prefix}agree/", g)
    doubtful = some.within(are_doubtful).places()
    found = _looked_at(some, checker, rounds, doubtful, five, off)
    landmarks = found.located.landmarks
    placed = some.concat([landmarks.min(1), landmarks.max(1)], 1)
    twins = _twins(some, some.within(boxes), placed, found)
    # Old rows, then new ones: each face takes the last of its rows.
    every = some.range(some.within(boxes).count())
    rows = some.range(found.moved.count()) + every.count()
    order = some.op("ScatterElements", every, found.moved, rows, axis=0)
    pairs = zip((boxes, *located), (placed, *found.located), strict=True)
    merged = [some.concat([some.within(old), new], 0).take(order) for old, new in pairs]
    marks = [_among(some, every, indices) for indices in (found.lost, twins)]
    values = g.either(
        are_doubtful.any(),
        (some, [*merged, *marks]),
        (none, [boxes, *located, are_doubtful, are_doubtful]),
    )
    return Agreement(Located(*values[1:-2]), values[0], *values[-2:])


class _Outcome(NamedTuple):
    """The result of the check for some faces.

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
        return _Outcome(values[0], values[1], Located(*values[2:7]))

    @staticmethod
    def none(checker: Checker) -> list[NDArray[np.float64]]:
        """The arrays of no face."""
        return [np.zeros(0), np.zeros(0), *Located.none(checker.info.scheme.size)]

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
        five: (N, 5, 2) float32, five points of the landmarks of all faces.
        off: (N,) float32, their difference from those of the crops.
    """
    first = g.within(five).take(doubtful)
    # A crop about points that are far off is a bad one, even if its landmarks agree.
    far = g.within(off).take(doubtful) > LARGEST_OFFSET
    agreed = g.where(far, CLOSE, NEAR, np.float32)
    score, start = checker.look(g, first)
    gone = score < FACE
    lost = doubtful.take(gone.places())
    if rounds == 0:
        nothing = zip((np.int64, *[np.float32] * 5), _Outcome.none(checker)[1:], strict=True)
        return _Outcome.of([lost, *(g.value(value, dtype) for dtype, value in nothing)])
    apart = _apart(g, first, start)
    open_ = ((apart > agreed) & gone.apply("Not")).places()
    given = (value.take(open_) for value in (first, start, score, apart))
    found = _placed_anew(g, checker, rounds, *given)
    at = doubtful.take(open_)
    return _Outcome(g.concat([lost, at.take(found.lost)], 0), at.take(found.moved), found.located)


def _placed_anew(
    g: Graph,
    checker: Checker,
    rounds: int,
    first: Value,
    start: Value,
    score: Value,
    before: Value,
) -> _Outcome:
    """Places P faces anew from the O-Net's points.

    The first round also tries faces that never settle, profiles and faces that hang, upside down:
    a further copy of the networks would cost more.

    Args:
        g: the graph.
        checker: the networks.
        rounds: how often a face may be placed anew.
        first: (P, 5, 2) float32, five points of their landmarks.
        start: likewise, the O-Net's points there.
        score: (P,) float32, its score.
        before: (P,) float32, how far these points are apart, portrait pixels.
    """
    empty = _Outcome.none(checker)
    inner = Graph("round1/", g)
    turned = inner.within(first)
    turned_score, turned = checker.look(inner, turned.mean(1, keep=True) * 2.0 - turned)
    hangs = turned_score > inner.within(score)
    at, hanging = inner.range(hangs.count()), hangs.places()
    fits = checker.locate(inner, inner.concat([inner.within(start), turned.take(hanging)], 0))
    five = checker.five_of(inner, fits.landmarks)
    scores, points = checker.look(inner, five)
    apart = _apart(inner, five, points)
    found, still = _judged(at, fits, scores.take(at), apart.take(at))
    # Faces that never settle are known by the first time.
    nearer = inner.within(before) * NEARER
    never = (scores.take(at) >= SURELY_FACE) & (apart.take(at) > nearer)
    over = inner.range(hanging.count()) + hangs.count()
    confirmed = ((scores.take(over) >= FACE) & (apart.take(over) > NEAR).apply("Not")).places()
    stands, turned_fit = hanging.take(confirmed), fits.take(over.take(confirmed))
    results = [*found.values(), still, points.take(still), hangs, never, stands, *turned_fit]
    others = [*empty, np.zeros(0), np.zeros((0, 5, 2)), *[np.zeros(0)] * 3, *empty[2:]]
    values = g.branch(first.count() > 0, inner, results, others)
    found, (still, points, hangs, never, stands) = _Outcome.of(values), values[7:12]
    turned_fit = Located(*values[12:])
    never = never.take(still)
    stays, goes_on = never.places(), never.apply("Not").places()
    resting, still, points = still.take(stays), still.take(goes_on), points.take(goes_on)
    for number in range(2, rounds + 1):
        inner = Graph(f"round{number}/", g)
        fit = checker.locate(inner, inner.within(points))
        five = checker.five_of(inner, fit.landmarks)
        scores, points = checker.look(inner, five)
        places = inner.range(scores.count())
        more, rest = _judged(places, fit, scores, _apart(inner, five, points))
        at = inner.within(still)
        more = _Outcome(at.take(more.lost), at.take(more.moved), more.located)
        results = [*more.values(), at.take(rest), points.take(rest)]
        others = [*empty, np.zeros(0), np.zeros((0, 5, 2))]
        *values, still, points = g.branch(still.count() > 0, inner, results, others)
        found = found.and_(_Outcome.of(values))
    still = g.concat([resting, still], 0)
    hangs = hangs.take(still)
    wrong = hangs & _among(g, still, stands).apply("Not")
    other = (before.take(still) > FAR) & hangs.apply("Not")
    none = still.take((wrong | other).places())
    right = _among(g, stands, still).places()
    return found.and_(_Outcome(none, stands.take(right), turned_fit.take(right)))


def _judged(at: Value, fit: Located, scores: Value, apart: Value) -> tuple[_Outcome, Value]:
    """Faces that are none, faces that have settled, and the places of the others."""
    gone, far = scores < FACE, apart > CLOSE
    settled = (gone | far).apply("Not").places()
    still = (far & gone.apply("Not")).places()
    return _Outcome(at.take(gone.places()), at.take(settled), fit.take(settled)), still


def _apart(g: Graph, five: Value, others: Value) -> Value:
    """(N,) float32, the largest difference of five points from others, in portrait pixels."""
    steps = squares(g, five, size=SIDE, factor=FACTOR, upright=True).steps
    off = (five - others).apply("Abs")
    return (off.max(2).max(1, keep=True) / steps.cast(np.float32)).reshape(-1)


def _differences(
    g: Graph, five: Value, placed: Value, places: Squares, info: ModelInfo
) -> tuple[Value, Value]:
    """The largest differences of the landmarks' five points from the detector's.

    Args:
        g: the graph.
        five: (N, 5, 2) float32, five points of the landmarks.
        placed: likewise, of the detector.
        places: squares of the crops about these.
        info: metadata of the landmark network.

    Returns:
        (N,) float32, in portrait pixels of the detector's, less the habit; and (N, 1) float32, the
        side of such a pixel in the image.
    """
    turns, steps = places.turns, places.steps
    if info.crop_upright:  # as portraits are, but for their size
        steps = steps * (FACTOR / SIDE / (info.crop_factor / info.size))
    else:
        _, turns, steps = squares(g, placed, size=SIDE, factor=FACTOR, upright=True)
    steps = steps.cast(np.float32)
    # Along the portrait's rows, and down.
    off = (five - placed) @ turns.cast(np.float32) / steps.reshape(-1, 1, 1) - HABIT
    return off.apply("Abs").max(1, 2), steps


def _among(g: Graph, every: Value, few: Value) -> Value:
    """(N,) bool, whether each index is one of a few."""
    times = every.reshape(-1, 1).equals(few.reshape(1, -1)).cast(np.float32).sum(1)
    return times > 0.0


def _twins(g: Graph, boxes: Value, placed: Value, found: _Outcome) -> Value:
    """Indices of faces that were placed anew at the box (M, 4) of a face that stays."""
    gone = _among(g, g.range(boxes.count()), g.concat([found.lost, found.moved], 0))
    meet = are_alike(*overlaps(placed.reshape(-1, 1, 4), boxes), SAME) & gone.apply("Not")
    return found.moved.take((meet.cast(np.float32).sum(1) > 0.0).places())
