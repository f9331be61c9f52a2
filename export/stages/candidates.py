"""The faces that the two networks of `lapland.detection.paired` see.

A cell of a network is a row of 17 numbers: x and y of the centre of its face, of the sides, of the
five points, and of the direction of the forehead, image pixels, and which network it is. All of
them are linear in the points that the networks give, so that their mean over cells may come after
them.
"""

from typing import NamedTuple

import numpy as np
import onnx
from numpy.typing import NDArray

from export.stages.networks import insert
from export.stages.picture import Picture
from export.stages.shrinking import Shrunk
from export.stages.values import Graph, Value
from lapland.detection import blazeface, merging, onestage
from lapland.detection.merging import SAME
from lapland.detection.paired import THRESHOLDS

MOST = 2000  # cells of a network, the best; one face has some ten. Bounds time and memory.
# The eight points of a row: a mask of those that move with the face, and one of the sides.
_PLACES, _SIDES = np.array([1.0, 0, 1, 1, 1, 1, 1, 0]), np.eye(8)[1]

Matrix = NDArray[np.float64]


class Cells(NamedTuple):
    """N cells that see a face.

    Attributes:
        scores: (N,) float32.
        rows: (N, 17) float64.
    """

    scores: Value
    rows: Value


class Seen(NamedTuple):
    """N faces.

    Attributes:
        boxes: (N, 4) float64, in MTCNN's proportions, image pixels.
        scores: (N,) float32.
        five_points: (N, 5, 2) float64, image pixels.
        small: (N,) bool, whether the one-stage network sees it, and not BlazeFace.
    """

    boxes: Value
    scores: Value
    five_points: Value
    small: Value

    def take(self, places: Value) -> "Seen":
        """Some of the faces."""
        return Seen(*(value.take(places) for value in self))


class _Shown(NamedTuple):
    """The size at which a network sees a photo.

    Attributes:
        size: width and height of the photo, pixels.
        beyond: how many black pixels are on its right and below, for whole cells.
        centres: (A, 2), of its cells, in its pixels, for each anchor.
        rates: (2, 2), its pixels -> image pixels.
    """

    size: tuple[int, int]
    beyond: tuple[int, int]
    centres: Matrix
    rates: Matrix

    def filled(self, shown: Value, *axes: int) -> Value:
        """The photo at this size with the black pixels; axes of its width and its height."""
        if not any(self.beyond):
            return shown
        pads = [0] * 4
        for axis, count in zip(axes, self.beyond, strict=True):
            pads[axis] = count
        return shown.graph.op("Pad", shown, shown.graph.integers(0, 0, 0, 0, *pads))


def blazeface_cells(g: Graph, net: onnx.ModelProto, photo: Picture, shrunk: Shrunk) -> Cells:
    """The cells that hold a face for BlazeFace.

    Args:
        g: the graph.
        net: BlazeFace.
        photo: the photo.
        shrunk: its smaller sizes.
    """
    rate = blazeface.SIDE / max(photo.height, photo.width)
    shown = _shown(photo, rate, blazeface.ANCHORS)
    planes = shown.filled(shrunk.at(*shown.size), 3, 2)
    scores, offsets = insert(g, net, "blazeface", {"planes": planes}, ["scores", "offsets"])
    scores = scores.reshape(-1)
    chosen = _best(scores, scores > THRESHOLDS[0], shown)
    given = [offsets.reshape(-1, 16).take(chosen), _centres(g, chosen, shown)]
    # Centre, sides, eyes, nose, middle of the mouth, ears, and centre of the cell.
    points = np.zeros((8, 9))
    points[:2, :2] = np.eye(2)
    points[2:7, 2:8] = blazeface.FIVE_OF_SIX
    points[7, 2:6] = 0.5, 0.5, 0, -1
    points[:, 8] = _PLACES
    moved = _marked(np.kron(points.T, shown.rates), -np.repeat(_PLACES * 0.5, 2))
    return Cells(scores.take(chosen), g.concat(given, 1).cast(np.float64) @ moved)


def onestage_cells(
    g: Graph, net: onnx.ModelProto, photo: Picture, shrunk: Shrunk, min_face: int
) -> Cells:
    """The cells that hold a face for the one-stage network.

    Args:
        g: the graph.
        net: the network.
        photo: the photo.
        shrunk: its smaller sizes.
        min_face: side of the smallest face, pixels.
    """
    shown = _shown(photo, onestage.SMALLEST / min_face, onestage.LEVELS)
    pixels = g.op("Unsqueeze", shrunk.pixels(*shown.size), g.integers(0))
    (cells,) = insert(g, net, "onestage", {"images": shown.filled(pixels, 2, 1)}, ["cells"])
    cells = cells.reshape(-1, 14)
    logits = cells.take(0, 1)
    least = float(np.log(THRESHOLDS[1] / (1 - THRESHOLDS[1])))
    chosen = _best(logits, logits > least, shown)
    given = [cells.take(chosen), _centres(g, chosen, shown)]
    columns = g.concat(given, 1).cast(np.float64)
    # The middle counts from that of the cell; its pixels have their centres at integers.
    middle = np.kron(_PLACES, shown.rates)
    fixed = np.zeros((16, 16))
    fixed[1:3] = fixed[14:] = middle
    shift = 0.5 * middle.sum(0) - np.repeat(_PLACES * 0.5, 2)
    # The side is a logarithm, and the five points count from the middle, in sides.
    points = np.zeros((8, 5))
    points[2:7] = np.eye(5)
    points[7] = 0.5, 0.5, 0, -0.5, -0.5
    growing = np.zeros((16, 16))
    growing[4:14] = np.kron(points.T, shown.rates)
    sides = np.kron(_SIDES, shown.rates.sum(0))
    side = columns.part(3, 4, 1).apply("Exp")
    rows = (columns @ _marked(growing, sides)) * side + columns @ _marked(fixed, shift, 1.0)
    return Cells(columns.take(0, 1).apply("Sigmoid").cast(np.float32), rows)


def merged(g: Graph, photo: Picture, large: Cells, small: Cells) -> Seen:
    """One row for each face that a network sees, as `lapland.detection.merging.merged` has it.

    Args:
        g: the graph.
        photo: the photo.
        large: cells of BlazeFace.
        small: cells of the one-stage network.

    Returns:
        the faces of both, best first.
    """
    scores, rows = (g.concat([*both], 0) for both in zip(large, small, strict=True))
    # Far from one another the two networks do not meet.
    squares = np.eye(17, 4)
    squares[16, 0] = 4 * max(photo.width, photo.height)
    given = (rows @ squares).cast(np.float32)
    limits = g.integers(2 * MOST), g.value([SAME], np.float32)
    best = g.op(
        "NonMaxSuppression",
        *(given.reshape(1, -1, 4), scores.reshape(1, 1, -1), *limits),
        dtype=np.int64,
        center_point_box=1,
    )
    first = best.take(2, 1)  # (M,)
    # Each cell belongs to the first of these that it overlaps.
    corners = given @ np.kron([[1, 1], [-0.5, 0.5]], np.eye(2))
    # No transposition: onnxruntime 1.19 fuses it with the product, which it cannot for float64.
    shared, own, other = overlaps(corners.take(first).reshape(-1, 1, 4), corners)
    meet = are_alike(shared, own, other, SAME)
    number = g.op("CumSum", meet.cast(np.float32), g.value(0, np.int64))
    weights = g.where(meet & number.equals(1.0), scores.cast(np.float64), 0.0, np.float64)
    means = (weights @ rows) / weights.sum(1, keep=True)
    centre, sides, five, up, network = means.split((2, 2, 10, 2, 1), 1)
    is_small = network.reshape(-1) > 0.5
    boxes = upright_boxes(g, centre, sides.mean(1, keep=True), up, is_small.cast(np.int64))
    return Seen(boxes, scores.take(first), five.reshape(-1, 5, 2), is_small)


def _marked(matrix: Matrix, added: Matrix, mark: float = 0.0) -> Matrix:
    """(M, 16) and what is added (16,) -> (M + 1, 17), with the number of a network in the end."""
    whole = np.vstack([matrix, added])
    return np.hstack([whole, np.append(np.zeros(len(matrix)), mark)[:, None]])


def overlaps(boxes: Value, others: Value) -> tuple[Value, Value, Value]:
    """Areas that boxes (M, 1, 4) share with others (N, 4), (M, N); and both their areas."""
    (low, high), (other_low, other_high) = (value.split(2, -1) for value in (boxes, others))
    sides = (high.at_most(other_high) - low.at_least(other_low)).apply("Relu")
    return sides.product(2), (high - low).product(2), (other_high - other_low).product(1)


def are_alike(shared: Value, own: Value, other: Value, least: float) -> Value:
    """Whether boxes with these `overlaps` have more than so much in common: the IoU."""
    return shared * (1 + 1 / least) > own + other


def _shown(photo: Picture, rate: float, levels: tuple[tuple[int, int], ...]) -> _Shown:
    """The photo at a rate, filled with black to whole cells at the right and below."""
    width, height = (max(1, round(side * rate)) for side in (photo.width, photo.height))
    right, down = -width % blazeface.CELL, -height % blazeface.CELL
    rates = np.diag([photo.width / width, photo.height / height])
    centres = merging.centres(height + down, width + right, levels)
    return _Shown((width, height), (right, down), centres, rates)


def _best(scores: Value, are_faces: Value, shown: _Shown) -> Value:
    """The cells that see a face, as `take` wants them; of more than MOST, the best."""
    if len(shown.centres) <= MOST:
        return are_faces
    chosen = are_faces.places()
    return chosen.take(scores.take(chosen).order(MOST))


def _centres(g: Graph, chosen: Value, shown: _Shown) -> Value:
    """(N, 3) float32 centres of the cells of some anchors, and 1 for what a matrix adds."""
    return g.value(np.insert(shown.centres, 2, 1.0, axis=1), np.float32).take(chosen)


def upright_boxes(g: Graph, centre: Value, side: Value, up: Value, network: Value) -> Value:
    """Boxes (N, 4) of faces that lean, as `lapland.detection.merging.upright_boxes` has it.

    Args:
        g: the graph.
        centre: (N, 2) of a network's square.
        side: (N, 1) of that square.
        up: (N, 2), direction of the forehead, of any length.
        network: (N,) int64, 0 for BlazeFace's proportions and 1 for those of the other network.
    """
    # How far the box lies towards the forehead; squares of half its height and half its width.
    kinds = [
        (toward, (high / 2) ** 2, (wide / 2) ** 2)
        for toward, wide, high in (blazeface.BOX, onestage.BOX)
    ]
    shift, along, across = g.value(np.array(kinds), np.float64).take(network).split(3, 1)
    up = g.op("LpNormalization", up, axis=1, p=2)
    middle = centre + up * side * shift
    # Squares of cosine and sine -> those of width and height.
    turn = up * up
    half = (turn * along + turn.take(np.array([1, 0]), 1) * across).apply("Sqrt") * side
    return g.concat([middle - half, middle + half], 1)
