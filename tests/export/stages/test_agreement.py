"""Faces that are none or stand the wrong way up, and faces that are placed anew on one another."""

from functools import cache

import cv2
import numpy as np
import onnx
import pytest

from export.stages.agreement import Checker, _Outcome, _twins, checked
from export.stages.locating import locate
from export.stages.picture import Picture
from export.stages.values import Graph, Value
from lapland import Detector
from lapland.landmarks import agreement
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
        return locate(graph, photo, model, info, points)

    checker = Checker(photo, onet, anew, info)
    boxes = g.concat([five.min(1), five.max(1)], 1)
    found = checked(g, checker, request.param, boxes, anew(g, five))
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
