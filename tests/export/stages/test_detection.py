"""The detector of the graph finds what that of the SDK does."""

import cv2
import numpy as np
import onnx
import pytest

from export.stages import candidates, detection
from export.stages.candidates import Cells, Seen, _best, _Shown, merged, overlaps
from export.stages.detection import _Look, _seen_again, _unlike, detect
from export.stages.picture import Picture
from export.stages.values import Graph, Value
from lapland.crop.halves import Halves
from lapland.detection import merging
from lapland.detection.mtcnn_boxes import suppress
from lapland.detection.orientation import HANGS, SURE, odds
from lapland.detection.paired import CLEAR, SAME
from lapland.detection.portrait import SIDE as PORTRAIT
from lapland.detection.registry import load_detector
from lapland.networks import loading
from tests.export.stages.test_crops import session
from training.common.paths import REPOSITORY


def graph_of(width, height, min_face, rgb=False):
    files = (loading.load_blazeface(), loading.load_onestage(), loading.load_onet())
    names = ("blazeface", "onestage", "onet")
    nets = {n: onnx.load_model_from_string(f) for n, f in zip(names, files, strict=True)}
    g = Graph()
    image = Value(g, "image", np.uint8)
    found = detect(g, nets, Picture(image, height, width, rgb), min_face, faces=32)
    return session(g, [(image, (height, width, 3))], found._asdict())


def crowd(width, height):
    """Faces of many sizes, some of which lean, some cut by the border."""
    face = cv2.imread(str(REPOSITORY / "examples" / "astronaut.png"))[:350, 50:400]
    image = np.full((height, width, 3), 90, np.uint8)
    rng = np.random.default_rng(0)
    for row in range(4):
        for column in range(5):
            scale = rng.uniform(0.15, 0.6)
            turn = cv2.getRotationMatrix2D((175, 150), rng.uniform(-60, 60), scale)
            turn[:, 2] += np.array([column * width / 4.2, row * height / 3.2]) - (175, 150)
            cv2.warpAffine(face, turn, (width, height), image, borderMode=cv2.BORDER_TRANSPARENT)
    return image


@pytest.mark.parametrize(
    ("width", "height", "min_face"), [(640, 480, 40), (600, 450, 30), (331, 517, 15)]
)
def test_the_same_faces(width, height, min_face):
    graph, detector = graph_of(width, height, min_face), load_detector(min_face=min_face, threads=1)
    image = crowd(width, height)
    for photo in (
        image,
        image[::-1].copy(),
        np.zeros_like(image),
        cv2.GaussianBlur(image, None, 3),
    ):
        boxes, scores, points = graph.run(None, {"image": photo})
        expected = detector.detect(photo)
        order = np.argsort(-(expected.boxes[:, 2:] - expected.boxes[:, :2]).prod(axis=1))
        assert len(boxes) == len(order)
        np.testing.assert_allclose(boxes, expected.boxes[order], atol=0.01)
        np.testing.assert_allclose(scores, expected.scores[order], atol=1e-4)
        np.testing.assert_allclose(points, expected.five_points[order], atol=1 / 16)
    assert len(detector.detect(image).boxes) >= 5


def test_a_large_face_that_is_faint_counts_by_the_better_score():
    face = cv2.imread(str(REPOSITORY / "examples" / "astronaut.png"))[:350, 50:400]
    turn = np.array([[1.6, 0.0, 40.0], [0.0, 1.6, 64.0]])
    dark = cv2.warpAffine(face // 8, turn, (640, 480), borderValue=(90, 90, 90))
    detector = load_detector(threads=1)
    halves = Halves(dark)
    first, second = (part.find(halves).scores for part in (detector.blazeface, detector.onestage))
    assert first[0] < CLEAR < second[0]
    boxes, scores, points = graph_of(640, 480, 40).run(None, {"image": dark})
    expected = detector.detect(dark)
    np.testing.assert_allclose(scores, second[:1], atol=1e-4)
    np.testing.assert_allclose(scores, expected.scores, atol=1e-4)
    np.testing.assert_allclose(boxes, expected.boxes, atol=0.01)
    np.testing.assert_allclose(points, expected.five_points, atol=1 / 16)


def cells_of(rng, count):
    """Scores and rows of cells about a few faces."""
    rows = rng.uniform(0, 300, (count, 16))
    middle = rng.uniform(50, 250, (4, 2))[rng.integers(0, 4, count)]
    rows[:, :2] = middle + rng.normal(0, 8, (count, 2))
    rows[:, 2:4] = rng.uniform(30, 60, (count, 1))
    return rng.uniform(0.5, 1, count).astype(np.float32), rows


@pytest.mark.parametrize(("first", "second"), [(30, 40), (0, 25), (25, 0), (0, 0)])
def test_cells_are_merged_as_in_the_sdk(first, second):
    rng = np.random.default_rng(first)
    given = [cells_of(rng, first), cells_of(rng, second)]
    g = Graph()
    names = ("large", "small")
    cells = [
        Cells(Value(g, f"{name}_scores", np.float32), Value(g, f"{name}_rows", np.float64))
        for name in names
    ]
    seen = merged(g, Picture(Value(g, "image", np.uint8), 300, 300, False), *cells)
    shapes = [
        (value, shape) for c in cells for value, shape in zip(c, (["N"], ["N", 17]), strict=True)
    ]
    outputs = {"scores": seen.scores, "five_points": seen.five_points, "small": seen.small}
    # The last column says which network it is.
    values = [
        array
        for network, (mine, rows) in enumerate(given)
        for array in (mine, np.insert(rows, 16, network, axis=1))
    ]
    run = session(g, shapes, outputs)
    inputs = {value.name: array for (value, _), array in zip(shapes, values, strict=True)}
    scores, points, small = run.run(None, inputs)
    for network, (mine, rows) in enumerate(given):
        best, means = merging.merged(mine, rows.reshape(-1, 8, 2))
        np.testing.assert_array_equal(scores[small == network], best)
        np.testing.assert_allclose(points[small == network], means[:, 2:7])


def test_of_many_cells_the_best_are_kept(monkeypatch):
    monkeypatch.setattr(candidates, "MOST", 3)
    g = Graph()
    scores = Value(g, "scores", np.float32)
    shown = _Shown((3, 2), (0, 0), np.zeros((6, 2)), np.eye(2))
    chosen = _best(scores, scores > 0.1, shown)
    run = session(g, [(scores, [6])], {"chosen": chosen})
    row = np.array([0.2, 0.9, 0.0, 0.3, 0.05, 0.8], np.float32)
    assert sorted(run.run(None, {"scores": row})[0].tolist()) == [1, 3, 5]


@pytest.mark.parametrize("count", [0, 1, 40])
def test_suppression(count):
    rng = np.random.default_rng(count)
    corner = rng.uniform(0, 100, (count, 2))
    boxes = np.concatenate([corner, corner + rng.uniform(10, 50, (count, 2))], axis=1)
    g = Graph()
    given = Value(g, "boxes", np.float64)
    shared, own, other = overlaps(given.reshape(-1, 1, 4), given)
    kept = _unlike(g, shared > own.at_most(other) * SAME)
    found = session(g, [(given, ["N", 4])], {"kept": kept}).run(None, {"boxes": boxes})
    rank = np.arange(count, 0, -1, dtype=np.float32)
    assert np.flatnonzero(found[0]).tolist() == suppress(boxes, rank, 0.5, kind="min").tolist()


@pytest.mark.parametrize("doubted", [0.0, 0.5, 1.0])
def test_only_faces_that_may_hang_are_turned(monkeypatch, doubted):
    # The networks answer from tables, by the place of a face: 1000 pixels lie between two.
    chance, count, apart = np.random.default_rng(3), 80, 1000.0
    shape = np.array([[-40.0, -30], [40, -28], [0, 10], [-35, 45], [35, 44]])
    five = shape + np.stack([np.arange(count) * apart + 400, np.full(count, 300.0)], 1)[:, None]
    upright, around = (chance.uniform(0.05, 0.95, count).astype(np.float32) for _ in range(2))
    first, second = (chance.choice([0.5, 0.97], count).astype(np.float32) for _ in range(2))
    stands, in_doubt = chance.random(count) < 0.8, chance.random(count) < doubted
    some = np.flatnonzero(chance.random(count) < 0.7)
    in_doubt[np.setdiff1d(np.arange(count), some)[:5]] = True  # not looked at: that counts nothing

    def look(g, onet, photo, points):
        at = (points.mean(1).part(0, 1, 1) / apart).apply("Floor").reshape(-1).cast(np.int64)
        level = g.value(around, np.float32).take(at).reshape(-1, 1, 1, 1)
        portraits = level * np.ones((1, 3, PORTRAIT, PORTRAIT))
        seen = g.value(second, np.float32).take(at), points + 1.0
        return portraits, _Look(*seen, g.value(stands, np.bool_).take(at))

    def insert(g, model, name, given, outputs):
        return [given["planes"].part(0, 1, 1).part(0, 1, 2).part(0, 1, 3).reshape(-1, 1)]

    monkeypatch.setattr(detection, "_look", look)
    monkeypatch.setattr(detection, "insert", insert)
    g = Graph()
    points, scores = Value(g, "points", np.float64), Value(g, "scores", np.float32)
    boxes = g.concat([points.min(1), points.max(1)], 1)
    portraits = g.value(upright, np.float32).reshape(-1, 1, 1, 1) * np.ones(
        (1, 3, PORTRAIT, PORTRAIT)
    )
    result = _seen_again(
        g,
        {"onet": None, "blazeface": None},
        Picture(Value(g, "image", np.uint8), 480, 640, False),
        Seen(boxes, scores, points, g.value(np.zeros(count, bool), np.bool_)),
        portraits,
        _Look(scores, points, g.value(np.ones(count, bool), np.bool_)),
        g.value(np.isin(np.arange(count), some), np.bool_),
        g.value(in_doubt, np.bool_),
    )
    names = ("new_scores", "new_points", "upright", "new_boxes", "turned", "again")
    run = session(
        g,
        [(points, five.shape), (scores, first.shape)],
        dict(zip(names, result, strict=True)),
    )
    found = dict(zip(names, run.run(None, {"points": five, "scores": first}), strict=True))

    lead = odds(around) - odds(upright)
    hangs = (stands & (second > SURE) & (lead > 0)) | (lead > HANGS)
    hangs &= in_doubt & np.isin(np.arange(count), some)
    assert hangs.any() == (doubted > 0)
    turned = 2 * five[:, :2].mean(axis=1, keepdims=True) - five + 1
    np.testing.assert_array_equal(found["turned"], hangs)
    np.testing.assert_array_equal(found["new_scores"], np.where(hangs, second, first))
    np.testing.assert_allclose(found["new_points"], np.where(hangs[:, None, None], turned, five))
    np.testing.assert_array_equal(found["upright"], np.where(hangs, stands, True))
    same = (found["new_boxes"] == np.concatenate([five.min(1), five.max(1)], 1)).all(axis=1)
    np.testing.assert_array_equal(same, ~hangs)
    expected = np.where(np.isin(np.arange(count), some), upright, 0)
    np.testing.assert_allclose(found["again"], expected)
