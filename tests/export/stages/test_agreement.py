"""Faces that are none or stand the wrong way up, and faces that are placed anew on one another."""

from functools import cache

import cv2
import numpy as np
import onnx
import pytest

from export.stages.agreement import Checker, _Outcome, _twins, checked
from export.stages.crops import squares
from export.stages.locating import Located, locate
from export.stages.picture import Picture
from export.stages.values import Graph, Value
from lapland import Detector
from lapland.detection.portrait import FACTOR, Look, portrait_axes, shifted
from lapland.detection.portrait import SIDE as PORTRAIT
from lapland.landmarks import agreement
from lapland.landmarks.network import Located as Found
from lapland.networks import index, loading
from tests.export.stages.test_crops import session
from training.common.paths import REPOSITORY

MODEL = index.path("rcn-1-16")
SIDE = 360


@pytest.mark.parametrize(("lost", "twins"), [([], [2]), ([1], [2]), ([0], [])])
def test_a_face_placed_anew_where_another_stays_is_its_twin(lost, twins):
    g = Graph()
    boxes, placed = (Value(g, name, np.float32) for name in ("boxes", "placed"))
    none, moved = (Value(g, name, np.int64) for name in ("lost", "moved"))
    found = _twins(g, boxes, placed, _Outcome(none, moved, None))
    shapes = (boxes, ["N", 4]), (placed, ["M", 4]), (none, ["L"]), (moved, ["M"])
    run = session(g, shapes, {"twins": found})
    given = {
        "boxes": np.array([[0, 0, 10, 10], [50, 50, 60, 60], [1, 1, 9, 9]], np.float32),
        "placed": np.array([[1, 0, 11, 10]], np.float32),
        "lost": np.array(lost, np.int64),
        "moved": np.array([2]),
    }
    assert run.run(None, given)[0].tolist() == twins


@pytest.fixture(scope="module")
def detector():
    return Detector(model=MODEL, threads=1)


@pytest.fixture(scope="module", params=[1, 3])
def checking(request, detector):
    """A graph of the check: image and five points -> landmarks, lost; and its rounds."""
    g = Graph()
    image, five = Value(g, "image", np.uint8), Value(g, "five_points", np.float32)
    photo = Picture(image, SIDE, SIDE, False)
    model, info = onnx.load(MODEL), detector.model
    onet = onnx.load_model_from_string(loading.load_onet())

    def anew(graph, points):
        return locate(graph, photo, model, info, points)[0]

    checker = Checker(photo, onet, anew, info)
    boxes = g.concat([five.min(1), five.max(1)], 1)
    found = checked(g, checker, request.param, boxes, *locate(g, photo, model, info, five))
    outputs = {"landmarks": found.located.landmarks, "boxes": found.boxes, "lost": found.lost}
    return session(g, [(image, (SIDE, SIDE, 3)), (five, ["N", 5, 2])], outputs), request.param


def turned(degrees, detector):
    """A photo of a face, turned, and its five points."""
    photo = cv2.imread(str(REPOSITORY / "examples" / "astronaut.png"))[:SIDE, 45 : 45 + SIDE]
    points = detector.predict(photo).five_points
    turn = cv2.getRotationMatrix2D((SIDE / 2, SIDE / 2), degrees, 1)
    image = cv2.warpAffine(photo, turn, (SIDE, SIDE), borderMode=cv2.BORDER_REPLICATE)
    return image, points @ turn[:, :2].T + turn[:, 2]


DEGREES = (0, 60, 130, 180, 225, 300)


@cache
def placed(degrees, detector):
    """A photo, five points (5, 5, 2), and what the SDK makes of them.

    The first are right; the others stand upside down, lie, lean, and are where no face is.
    """
    image, right = turned(degrees, detector)
    middle = right.mean(axis=1, keepdims=True)
    over = right[:, [4, 3, 2, 1, 0]]  # eyes for the corners of the mouth
    aside = middle + (right - middle) @ np.array([[0.0, 1], [-1, 0]])
    lean = (right - middle + 0.8 * (aside - middle)) + middle
    points = np.concatenate([right, over, aside, lean, right * 0.2 + (10, 270)]).astype(np.float32)
    networks = detector.networks
    located = networks.landmarks.locate(image, points, textured=True)
    return (
        image,
        points,
        agreement.checked(networks.landmarks, networks.faces, image, points, located),
    )


@pytest.mark.parametrize("degrees", DEGREES)
def test_faces_the_wrong_way_up(checking, detector, degrees):
    graph, rounds = checking
    image, points, expected = placed(degrees, detector)
    found, _, lost = graph.run(None, {"image": image, "five_points": points})
    same = np.abs(found - expected.located.landmarks).max(axis=(1, 2)) < 1
    same &= lost == ~expected.seen
    assert same.all() if rounds == 3 else same[0]


def test_some_of_them_are_lost_and_some_are_placed_anew(detector):
    found = [placed(degrees, detector)[2] for degrees in DEGREES]
    assert any((~one.seen).any() for one in found)
    assert any(one.moved.any() for one in found)


# Networks that answer from tables. A face has its place in x, and each time that it is placed anew
# moves it on in y; so its five points say which answer is next.
FAR_APART, COUNT = 1000.0, 200
SHAPE = np.array([[-63.0, -30], [63, -24], [0, 51], [-69, 87], [57, 93]])


def tables(seed):
    """(COUNT, 2, 4): scores of looks, and how far their points are off; upright and turned."""
    chance = np.random.default_rng(seed)
    scores = chance.choice([0.3, 0.7, 0.95], (COUNT, 2, 4), p=[0.1, 0.4, 0.5])
    scores[:, 1] = chance.choice([0.4, 0.6, 0.999], (COUNT, 4), p=[0.1, 0.2, 0.7])
    offs = chance.choice([1.0, 3.0, 6.0, 11.0], scores.shape) + chance.random(scores.shape)
    return scores.astype(np.float32), offs


def spread(scheme):
    """(K, 5): five points -> landmarks that have them."""
    matrix = np.zeros((scheme.size, 5))
    matrix[:, 2] = 1
    for point, indices in enumerate(scheme.five):
        matrix[list(indices)] = np.eye(5)[point]
    return matrix


def located_about(five, scheme):
    """As `LandmarkNetwork.locate` gives it, of a network that moves all faces on."""
    landmarks = (spread(scheme) @ (five + np.array([0, FAR_APART]))).astype(np.float32)
    return Found(landmarks, np.ones(landmarks.shape[:2], np.float32), np.ones(len(five)))


class FromTables:
    """A landmark network and a look of the O-Net."""

    def __init__(self, info, scores, offs):
        self.info, self._scores, self._offs = info, scores, offs

    def locate(self, image, five, *, textured=False):
        return located_about(five, self.info.scheme)

    def look_at(self, detector, image, five):
        x, y = (five.mean(axis=0) // FAR_APART).astype(int)
        at = x, int(five[1, 0] < five[0, 0]), y
        beside = np.zeros((5, 2))
        beside[2, 0] = self._offs[at] * abs(portrait_axes(five[None])[0])
        return Look(float(self._scores[at]), five + beside, None, None)


class CheckerFromTables(Checker):
    """The same for a graph."""

    def look(self, g, five):
        scores, offs = self.onet
        middle = (five.mean(1) / FAR_APART).apply("Floor")  # (N, 2)
        turned = (five.part(1, 2, 1) < five.part(0, 1, 1)).part(0, 1, 2).cast(five.dtype)
        index = middle.part(0, 1, 1) * 8.0 + turned.reshape(-1, 1) * 4.0 + middle.part(1, 2, 1)
        index = index.reshape(-1).cast(np.int64)
        side = squares(g, five, size=PORTRAIT, factor=FACTOR, upright=True).steps
        off = g.value(offs.ravel(), np.float32).take(index).reshape(-1, 1) * side.cast(np.float32)
        beside = off.reshape(-1, 1, 1) * (np.eye(5)[2][:, None] * [1.0, 0.0])
        return g.value(scores.ravel(), np.float32).take(index), five + beside


@pytest.mark.parametrize("rounds", [1, 2, 3])
def test_every_course_of_the_check_is_that_of_the_sdk(detector, monkeypatch, rounds):
    info = detector.model
    scores, offs = tables(rounds)
    places = np.stack([np.arange(COUNT) * FAR_APART + 400, np.full(COUNT, 400.0)], axis=1)
    five = SHAPE + places[:, None]
    chance = np.random.default_rng(9)
    beside = np.zeros((COUNT, 5, 2))
    beside[:, 2, 0] = chance.choice([-2.0, -5.0, -9.0], COUNT)
    placed = shifted(five, beside).astype(np.float32)
    found = located_about(five - [0, FAR_APART], info.scheme)
    sides = abs(portrait_axes(placed)) * info.unsure * chance.choice([0.8, 0.9], COUNT)
    found = found._replace(
        scales=np.repeat(sides[:, None], info.scheme.size, axis=1).astype(np.float32)
    )

    world = FromTables(info, scores, offs)
    monkeypatch.setattr(agreement, "look_at", world.look_at)
    monkeypatch.setattr(agreement, "ROUNDS", rounds)
    expected = agreement.checked(world, None, None, placed, found)

    def anew(graph, points):
        moved = points + np.array([0, FAR_APART])
        landmarks = graph.value(spread(info.scheme), np.float32) @ moved
        ones = landmarks.part(0, 1, 2).reshape(0, -1) * 0.0 + 1.0
        return Located(points, landmarks, ones, ones.part(0, 5, 1), ones * 1.0)

    g = Graph()
    given = {"points": placed, "landmarks": found.landmarks, "scales": found.scales}
    points, landmarks, scales = (Value(g, name, np.float32) for name in given)
    checker = CheckerFromTables(None, (scores, offs), anew, info)
    boxes = g.concat([landmarks.min(1), landmarks.max(1)], 1)
    first = Located(points, landmarks, scales, scales.part(0, 5, 1), scales * 1.0)
    crop = {"size": info.size, "factor": info.crop_factor, "upright": info.crop_upright}
    result = checked(g, checker, rounds, boxes, first, squares(g, points, **crop))
    shapes = [
        (value, ["N", *array.shape[1:]])
        for value, array in zip((points, landmarks, scales), given.values(), strict=True)
    ]
    outputs = {
        "lost": result.lost,
        "landmarks_after": result.located.landmarks,
        "points_after": result.located.five_points,
    }
    lost, after, points_after = session(g, shapes, outputs).run(None, given)

    np.testing.assert_array_equal(lost, ~expected.seen)
    np.testing.assert_allclose(points_after, expected.five_points, atol=0.02)
    np.testing.assert_allclose(after, expected.located.landmarks, atol=0.02)
    # All courses were taken: lost, moved on once or more often, stood up, and left alone.
    stages = expected.located.landmarks[:, 30, 1] // FAR_APART
    assert set(stages[expected.moved]) == set(range(1, rounds + 1))
    stood = expected.located.landmarks[:, 36, 0] > expected.located.landmarks[:, 45, 0]
    assert min((~expected.seen).sum(), stood.sum(), (expected.seen & ~expected.moved).sum()) > 3
