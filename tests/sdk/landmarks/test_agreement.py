"""Faces that lie or hang: right, or not there, or unsure, and never wrong and sure."""

import cv2
import numpy as np
import pytest

from lapland import Detector
from lapland.detection.portrait import LARGEST_OFFSET, Look, shifted
from lapland.landmarks import agreement
from lapland.landmarks.agreement import CERTAIN, DOUBTFUL, HABIT, ROUNDS, checked
from lapland.schemes.five_points import five_of

BAD, SURE = 0.1, 0.5  # of the distance of the eyes' outer corners; confidence


@pytest.fixture(scope="module")
def detector():
    """Of the open weights: those of 300-W are sure of some faces that lie, and of some places
    without a face."""
    return Detector("mobile", weights="open", threads=1)


@pytest.fixture(scope="module")
def upright(detector, image):
    return detector.predict(image)


def turned(photo, faces, degrees, size):
    """The photo turned about its face, the landmarks, and the five points there."""
    turn = cv2.getRotationMatrix2D((222, 118), degrees, size)
    turn[:, 2] += (158, 262)
    image = cv2.warpAffine(photo, turn, (760, 760), borderMode=cv2.BORDER_REPLICATE)
    return image, *(p[0] @ turn[:, :2].T + turn[:, 2] for p in (faces.landmarks, faces.five_points))


def errors(faces, truth):
    """(N,) mean distances in those of the eyes' outer corners."""
    unit = np.linalg.norm(truth[36] - truth[45])
    return np.linalg.norm(faces.landmarks - truth, axis=2).mean(axis=1) / unit


@pytest.mark.parametrize("size", [0.7, 1.0, 1.6])
def test_no_turned_face_is_wrong_and_sure(detector, image, upright, size):
    right = 0
    for degrees in range(0, 360, 15):
        view, truth, _ = turned(image, upright, degrees, size)
        faces = detector.predict(view)
        off = errors(faces, truth)
        # Further off than the face is wide is another face, of which this photo has none.
        assert not ((off > BAD) & (faces.confidence > SURE)).any(), degrees
        right += (off < BAD).any()
    assert right >= 8  # within 45 degrees of upright, and some beyond


def test_a_face_that_agrees_is_left_alone(detector, image, upright):
    faces, network = detector.networks
    located = network.locate(image, upright.five_points, textured=True)
    agreement = checked(network, faces, image, upright.five_points, located)
    assert agreement.seen.all()
    assert not agreement.moved.any()
    for before, after in zip(located, agreement.located, strict=True):
        np.testing.assert_array_equal(before, after)


@pytest.mark.parametrize(
    ("off", "relative", "is_looked_at"),
    [
        (DOUBTFUL - 0.3, 2.0, False),
        (DOUBTFUL + 0.3, CERTAIN + 0.1, True),
        (DOUBTFUL + 0.3, CERTAIN - 0.1, False),
        (LARGEST_OFFSET - 0.3, CERTAIN - 0.1, False),
        (LARGEST_OFFSET + 0.3, CERTAIN - 0.1, True),
    ],
)
def test_landmarks_are_looked_at_by_their_difference_and_certainty(
    detector, image, upright, monkeypatch, off, relative, is_looked_at
):
    faces, network = detector.networks
    located = network.locate(image, upright.five_points, textured=True)
    placed, five = put_off(network, located, off)
    scale = relative * network.info.unsure * located.steps.mean()
    located = located._replace(scales=np.full_like(located.scales, scale))
    looks = []
    monkeypatch.setattr(agreement, "look_at", lambda *given: looks.append(given) or seen(five[0]))
    checked(network, faces, image, placed, located)
    assert bool(looks) == is_looked_at


def put_off(network, located, off):
    """Five points (1, 5, 2) from which landmarks differ by so many portrait pixels, and theirs."""
    five = five_of(network.info.scheme, located.landmarks)
    # The nose, as the size of the portrait hangs on the others.
    offsets = -HABIT - off * np.eye(5)[[2]].T * np.array([1, 0])
    return shifted(five, offsets[None]), five


def seen(five_points, score=1.0):
    """A look of the O-Net."""
    return Look(score, five_points, np.zeros((80, 80, 3), np.uint8), np.zeros((2, 3)))


@pytest.mark.parametrize(
    ("score", "steps", "looks"),
    [
        # They never settle: first look, second, and one at the face upside down.
        (1.0, [5.0, 5.0, 5.0, 5.0], 3),
        (0.8, [5.0, 5.0, 5.0, 5.0], ROUNDS + 2),  # is that a face?
        (1.0, [12.0, 6.0, 4.0, 3.0], ROUNDS + 2),  # nearer each time
        (1.0, [12.0, 6.0, 1.0], 3),  # they settle
    ],
)
def test_a_face_that_never_settles_is_known_by_its_first_new_place(
    detector, image, upright, monkeypatch, score, steps, looks
):
    faces, network = detector.networks
    located = network.locate(image, upright.five_points, textured=True)
    placed, _ = put_off(network, located, 2 * LARGEST_OFFSET)
    given = []

    def look_at(_, __, points):
        given.append(points)
        off = steps[len(given) - 1] if len(given) <= len(steps) else 0.0
        beside = np.zeros((1, 5, 2))
        beside[0, 0, 0] = off
        return seen(shifted(points[None], beside)[0], score if len(given) <= len(steps) else 0.6)

    monkeypatch.setattr(agreement, "look_at", look_at)
    checked(network, faces, image, placed, located)
    assert len(given) == looks


def test_a_face_that_was_found_elsewhere_is_there_once(detector, image, upright):
    # Points a little off lead to the same face.
    five = np.concatenate([upright.five_points, upright.five_points + np.array([9, 0])]).astype(
        np.float64
    )
    faces, network = detector.networks
    agreement = checked(network, faces, image, five, network.locate(image, five, textured=True))
    assert agreement.seen.all()
    off = np.abs(agreement.located.landmarks[1] - upright.landmarks[0]).max()
    assert off < 6


def box_of(landmarks):
    return np.concatenate([landmarks.min(axis=0), landmarks.max(axis=0)])


def test_a_face_in_a_given_box_is_right_at_any_angle(detector, image, upright):
    right = 0
    for degrees in range(0, 360, 15):
        view, truth, _ = turned(image, upright, degrees, 1.0)
        faces = detector.predict(view, boxes=box_of(truth)[None])
        if errors(faces, truth) < BAD:
            right += 1
            assert faces.scores > SURE, degrees
        else:
            assert faces.confidence < SURE, degrees
    assert right >= 22  # of 24


def test_given_points_that_are_right_stay(detector, image, upright):
    for degrees in range(0, 360, 45):
        view, truth, five = turned(image, upright, degrees, 1.0)
        faces = detector.predict(view, five_points=five[None])
        np.testing.assert_allclose(faces.five_points[0], five, atol=1e-3)
        assert errors(faces, truth) < BAD


def test_a_given_place_without_a_face_is_unsure(detector):
    noise = np.random.default_rng(0).integers(0, 255, (480, 640, 3), np.uint8)
    image = cv2.normalize(cv2.GaussianBlur(noise, (0, 0), 9), None, 0, 255, cv2.NORM_MINMAX)
    boxes = [[x, y, x + 100, y + 120] for x in (20, 200, 400) for y in (30, 200, 340)]
    faces = detector.predict(image, boxes=boxes)
    assert len(faces) == len(boxes)
    assert (faces.confidence < 0.2).all()
