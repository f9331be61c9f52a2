"""A turned photo shows the head where the turned labels say."""

import cv2
import numpy as np
import pytest

from tests.drawn_head import drawn_head, pose, seen
from training.heads.fitting import fit_head
from training.heads.head import CHIN
from training.heads.turning import PIVOT, turn

SCALE = 9.0


@pytest.fixture(scope="module")
def head():
    return drawn_head()


@pytest.fixture(scope="module")
def face(head):
    """A photo of the mean head: a landmark of the eyes is a blue dot, one of the mouth a red."""
    _, landmarks = seen(head, np.zeros(len(head.modes)), 0, 0, SCALE)
    image = np.full((300, 300, 3), 90, np.uint8)
    hull = cv2.convexHull(landmarks.astype(np.float32)).astype(np.int32)
    cv2.fillConvexPoly(image, hull, (140, 170, 210))
    for k, colour in ((37, (255, 0, 0)), (57, (0, 0, 255))):
        cv2.circle(image, tuple(np.round(landmarks[k]).astype(int).tolist()), 4, colour, -1)
    return image, landmarks, fit_head(head, landmarks)


def middle_of(image, channel):
    others = [c for c in range(3) if c != channel]
    strength = image[..., channel].astype(float) - image[..., others].max(axis=2)
    rows, columns = np.nonzero(strength > 0.5 * strength.max())
    return np.array([columns.mean(), rows.mean()])


def turned_by(fit, yaw):
    """The skin turned about its own axis, (V, 3), camera axes."""
    pivot = fit.rotation @ PIVOT
    return ((fit.skin - pivot) @ fit.rotation @ pose(yaw, 0).T) @ fit.rotation.T + pivot


def test_no_turn_changes_little(head, face):
    image, landmarks, fit = face
    copy = turn(head, fit, image, 0.0)
    assert np.linalg.norm(copy.landmarks - landmarks, axis=1).max() < 1.5
    gap = np.abs(copy.image.astype(float) - image)
    assert gap[100:200, 100:200].mean() < 6


@pytest.mark.parametrize(("yaw", "pitch"), [(30, 0), (-30, 0), (15, 12), (-20, -12)])
def test_labels_follow_the_picture(head, face, yaw, pitch):
    image, _, fit = face
    copy = turn(head, fit, image, yaw, pitch)
    for k, channel in ((37, 0), (57, 2)):
        assert np.linalg.norm(middle_of(copy.image, channel) - copy.landmarks[k]) < 3
    assert copy.image.shape == image.shape
    # The nose's tip moves to the left for a positive yaw, and up for a positive pitch.
    moved = copy.landmarks[30] - turn(head, fit, image, 0.0).landmarks[30]
    assert np.sign(moved[0]) == -np.sign(yaw)
    if pitch:
        assert np.sign(moved[1]) == -np.sign(pitch)


def test_the_turn_is_that_of_the_head(head, face):
    image, _, fit = face
    copy = turn(head, fit, image, 35)
    wanted = fit.project(turned_by(fit, 35)[head.landmarks])
    inner = np.arange(27, 68)
    assert np.abs(copy.landmarks[inner] - wanted[inner]).max() < 1e-6


def test_labels_of_the_jaw_lie_on_the_outline(head, face):
    image, _, fit = face
    copy = turn(head, fit, image, 45)
    columns = fit.project(turned_by(fit, 45))[:, 0]
    for k in range(2, 15):
        if k < CHIN:
            assert copy.landmarks[k, 0] == pytest.approx(columns[head.slices[k]].min())
        elif k > CHIN:
            assert copy.landmarks[k, 0] == pytest.approx(columns[head.slices[k]].max())
    assert not copy.hidden[27:31].any()


def test_a_cut_face_has_hidden_labels(head, face):
    image, _, fit = face
    copy = turn(head, fit, np.ascontiguousarray(image[:, :160]), 20)
    outside = copy.landmarks[:, 0] > 159.5
    assert outside.any()
    assert copy.hidden[outside].all()
