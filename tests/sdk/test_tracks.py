"""What a tracker knows of faces: places, pairs, looks, and cuts."""

import cv2
import numpy as np
import pytest

from lapland import _geometry as geometry
from lapland._scenes import Scenes
from lapland._smoothing import Smoother
from lapland._tracks import (
    Track,
    look,
    overlaps,
    pairs,
    portrait_axes,
    portrait_matrices,
    squares,
    turned,
)
from tests.drawn_dots import five_points
from tests.videos import people, video

FIVE = five_points(np.array([200.0, 150.0]))


def track(five=FIVE):
    return Track(five, Smoother(None))


def some_five(count):
    rng = np.random.default_rng(0)
    angles = rng.uniform(-4, 4, count)
    return np.stack(
        [five_points(rng.uniform(0, 500, 2), rng.uniform(0.1, 9), angle) for angle in angles]
    )


def test_axes_are_those_of_the_crop():
    for five in (some_five(50), np.zeros((1, 5, 2))):
        matrices = portrait_matrices(five)
        axes = portrait_axes(five)
        np.testing.assert_allclose(axes.real, matrices[:, 0, 0], rtol=1e-9, atol=1e-12)
        np.testing.assert_allclose(axes.imag, matrices[:, 1, 0], rtol=1e-9, atol=1e-12)


def test_offsets_turn_with_the_face():
    five = some_five(3)
    offsets = np.random.default_rng(1).normal(0, 2, (3, 5, 2))
    matrices = portrait_matrices(five)
    expected = geometry.to_image(geometry.to_crop(five, matrices) + offsets, matrices)
    np.testing.assert_allclose(five + turned(offsets, portrait_axes(five)), expected)


def test_what_mtcnn_says_otherwise_is_learnt_and_mistakes_are_not():
    one = track()
    (axis,) = portrait_axes(FIVE[None])
    detected = FIVE + np.array([2, -1]) * axis.real
    one.compare(detected, FIVE)
    np.testing.assert_allclose(one.offset, np.tile([2.0, -1], (5, 1)))
    np.testing.assert_allclose(one.as_landmarks(detected), FIVE)
    one.compare(FIVE, FIVE)
    np.testing.assert_allclose(one.offset[0], [1, -0.5])
    for _ in range(60):
        one.compare(FIVE + 2 * axis.real, FIVE)
    np.testing.assert_allclose(one.offset[0], [2, 2], atol=1e-3)
    one.compare(FIVE + 9 * axis.real, FIVE)
    np.testing.assert_allclose(one.offset[0], [2, 2], atol=1e-3)


def test_squares_and_overlaps():
    np.testing.assert_allclose(squares(FIVE[None])[0], [154, 104, 246, 196])
    aside = FIVE + np.array([46, 0])  # half the side
    assert overlaps(FIVE[None], aside[None])[0, 0] == pytest.approx(1 / 3)
    many = overlaps(np.stack([FIVE, aside, FIVE + 500]), FIVE[None])
    np.testing.assert_allclose(many[:, 0], [1, 1 / 3, 0])
    assert overlaps(np.zeros((0, 5, 2)), FIVE[None]).shape == (0, 1)
    assert overlaps(np.zeros((1, 5, 2)), np.zeros((1, 5, 2)))[0, 0] == 0  # no area


def test_pairs_take_the_best_fit_first_and_each_once():
    fit = np.array([[0.9, 0.8, 0.0], [0.85, 0.1, 0.0]])
    assert pairs(fit, 0.2) == [(0, 0)]
    assert pairs(fit, 0.05) == [(0, 0), (1, 1)]
    assert pairs(np.zeros((0, 3)), 0.2) == []


def test_steady_motion_is_expected_to_go_on_and_shaking_is_not():
    one = track()
    one.moved_to(FIVE + np.array([10, 0]), 0.1)
    assert not one.steady
    one.moved_to(FIVE + np.array([20, 0]), 0.1)
    np.testing.assert_allclose(one.foreseen(0.05), FIVE + np.array([25, 0]))
    np.testing.assert_allclose(
        one.foreseen(60.0), FIVE + np.array([30, 0])
    )  # for a tenth of a second
    one.moved_to(FIVE + np.array([10, 0]), 0.1)
    np.testing.assert_allclose(one.foreseen(0.1), one.five)
    for x in (10.5, 11, 11.5):  # too little to go by
        one.moved_to(FIVE + np.array([x, 0]), 0.1)
    np.testing.assert_allclose(one.foreseen(0.1), one.five)


def test_a_face_that_grows_and_rolls_is_expected_to_go_on():
    way = [five_points(np.array([200.0 + 5 * i, 150]), 1.1**i, 0.08 * i) for i in range(6)]
    one = track(way[0])
    one.moved_to(way[1], 0.1)
    assert not one.turning  # that it came so far once says nothing
    for i in range(2, 5):
        one.moved_to(way[i], 0.1)
        np.testing.assert_allclose(one.foreseen(0.1), way[i + 1], atol=0.1)
    # Half the time: half the way, of the size in its logarithm.
    half = five_points(np.array([222.5, 150]), 1.1**4.5, 0.08 * 4.5)
    np.testing.assert_allclose(one.foreseen(0.05), half, atol=0.1)
    one.moved_to(way[3], 0.1)
    assert not one.turning
    one.moved_to(way[2], 0.1)
    assert one.turning
    one.rest()
    np.testing.assert_allclose(one.foreseen(0.1), one.five)


def test_points_that_coincide_turn_nowhere():
    one = track(np.zeros((5, 2)))
    for _ in range(3):
        one.moved_to(np.zeros((5, 2)), 0.1)
    assert not one.turning
    assert np.isfinite(one.foreseen(0.1)).all()


def test_an_unsure_face_is_where_it_is_found_and_as_large_as_it_was():
    one = track()
    one.easy_five = FIVE
    one.five = five_points(np.array([230.0, 160]), 1.5, 0.3)
    np.testing.assert_allclose(one.held(), FIVE + one.five.mean(axis=0) - FIVE.mean(axis=0))


def test_a_lost_track_is_expected_where_it_was_last_sure():
    one = track(FIVE + 300)
    assert one.expected(1.0) is None
    one.sure_five, one.sure_velocity, one.lost_at = FIVE, np.array([20.0, 0]), 5.0
    np.testing.assert_allclose(one.expected(5.5), FIVE + np.array([10, 0]))
    np.testing.assert_allclose(one.expected(9.0), FIVE + np.array([20, 0]))  # for a second


def test_looks_tell_faces_apart_in_any_light_roll_and_size(detector):
    def looked(canvas, truth):
        five = np.stack([truth.landmarks[list(i)].mean(axis=0) for i in detector.model.scheme.five])
        return look(detector._mtcnn, canvas, five)

    person, other = people()
    first = video("still", 1)[0]
    one = track()
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
    whole = look(detector._mtcnn, frame.image, five)[2]
    assert not np.isnan(whole).any()
    middle = int(five[2, 0])
    half = look(detector._mtcnn, np.ascontiguousarray(frame.image[:, :middle]), five)[2]
    assert 0.3 < np.isnan(half).mean() < 0.7
    one = track()
    assert one.likeness(whole) == 0  # nothing is known yet
    one.remember(whole)
    assert one.likeness(half) > 0.95
    one.remember(half)  # counts nothing
    np.testing.assert_array_equal(one.looks, whole)
    assert one.likeness(np.full_like(whole, np.nan)) == 0
    assert one.likeness(np.ones_like(whole)) == 0  # one colour is like nothing


def test_cuts_are_noticed_and_noise_light_and_slow_motion_are_none():
    scenes = Scenes()
    cuts = [i for i, frame in enumerate(video("cut")) if scenes.changed(frame.image)]
    assert cuts == [30, 60, 90, 120]
    for motion in ("still", "light", "zoom", "leave"):
        scenes = Scenes()
        assert not any(scenes.changed(frame.image) for frame in video(motion, 50)), motion


def test_cuts_of_odd_frames():
    scenes = Scenes()
    plain = np.full((60, 80, 3), 90, np.uint8)
    noise = np.random.default_rng(0).integers(0, 255, (60, 80, 3), np.uint8)
    assert not scenes.changed(plain)
    assert not scenes.changed(plain + 1)
    assert scenes.changed(noise)
    assert scenes.changed(plain)
    assert scenes.changed(cv2.resize(plain, (90, 60)))  # another size is another scene
    assert not scenes.changed(np.zeros((60, 90, 3), np.uint8))
    assert scenes.changed(np.zeros((1, 1, 3), np.uint8))
