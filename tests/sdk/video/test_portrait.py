"""The portrait of a face: offsets, and how alike faces look."""

import numpy as np
import pytest

from lapland.detection.portrait import portrait_axes
from lapland.video.portrait import Looks, Offset, agree, look
from tests.drawn_dots import five_points
from tests.videos import people, video

FIVE = five_points(np.array([200.0, 150.0]))


def test_what_the_onet_says_otherwise_is_learnt_and_mistakes_are_not():
    one = Offset()
    (axis,) = portrait_axes(FIVE[None])
    detected = FIVE + np.array([2, -1]) * axis.real
    one.learn(detected, FIVE)
    np.testing.assert_allclose(one.points, np.tile([2.0, -1], (5, 1)))
    np.testing.assert_allclose(one.removed(detected), FIVE)
    one.learn(FIVE, FIVE)
    np.testing.assert_allclose(one.points[0], [1, -0.5])
    for _ in range(60):
        one.learn(FIVE + 2 * axis.real, FIVE)
    np.testing.assert_allclose(one.points[0], [2, 2], atol=1e-3)
    one.learn(FIVE + 9 * axis.real, FIVE)
    np.testing.assert_allclose(one.points[0], [2, 2], atol=1e-3)
    assert agree(detected, FIVE)
    assert not agree(FIVE + 9 * axis.real, FIVE)


def test_looks_tell_faces_apart_in_any_light_roll_and_size(detector):
    def looked(canvas, truth):
        five = np.stack([truth.landmarks[list(i)].mean(axis=0) for i in detector.model.scheme.five])
        return look(detector.networks.faces, canvas, five)

    person, other = people()
    first = video("still", 1)[0]
    one = Looks()
    score, five, looks = looked(first.image, first.faces["astronaut"])
    assert score > 0.9
    assert np.linalg.norm(five[2] - first.faces["astronaut"].landmarks[30]) < 15
    one.remember(looks)
    assert one.likeness(looks) == pytest.approx(1)
    for motion, number in (("rotation", 12), ("zoom", 10), ("light", 20)):
        frame = video(motion, 50)[number]
        score, _, looks = looked(frame.image, frame.faces["astronaut"])
        assert score > 0.9
        assert one.likeness(looks) > 0.8, motion
    mirrored = np.ascontiguousarray(other.image)
    truth = type(first.faces["astronaut"])(np.eye(2, 3), other.landmarks)
    assert one.likeness(looked(mirrored, truth)[2]) < 0.5
    assert person.name != other.name


def test_looks_leave_out_what_is_outside_the_image(detector):
    frame = video("still", 1)[0]
    truth = frame.faces["astronaut"].landmarks
    five = np.stack([truth[list(i)].mean(axis=0) for i in detector.model.scheme.five])
    whole = look(detector.networks.faces, frame.image, five)[2]
    assert not np.isnan(whole).any()
    middle = int(five[2, 0])
    half = look(detector.networks.faces, np.ascontiguousarray(frame.image[:, :middle]), five)[2]
    assert 0.3 < np.isnan(half).mean() < 0.7
    one = Looks()
    assert one.likeness(whole) == 0  # nothing is known yet
    one.remember(whole)
    assert one.likeness(half) > 0.95
    one.remember(half)  # counts nothing
    np.testing.assert_array_equal(one.pictures, [whole])
    assert one.likeness(np.full_like(whole, np.nan)) == 0
    assert one.likeness(np.ones_like(whole)) == 0  # one colour is like nothing


def test_several_views_of_a_face_are_remembered():
    rng = np.random.default_rng(0)
    views = rng.uniform(0, 255, (6, 8, 8, 3)).astype(np.float32)
    one = Looks()
    for view in views:
        one.remember(view)
        one.remember(view + rng.normal(0, 9, view.shape).astype(np.float32))  # is the same view
    assert len(one.pictures) == 4
    assert min(one.likeness(view) for view in views[2:]) > 0.95
    assert max(one.likeness(view) for view in views[:2]) < 0.7  # long ago
