"""The portrait of a face, and the look at it."""

import numpy as np
import pytest

from lapland.crop import square
from lapland.detection.portrait import (
    FACE,
    FACTOR,
    LARGEST_OFFSET,
    SIDE,
    apart,
    look_at,
    portrait_axes,
    portrait_matrices,
    shifted,
)
from lapland.detection.registry import load_detector
from tests.drawn_dots import five_points
from tests.sdk.detection.turned import error, turned


@pytest.fixture(scope="module")
def detector():
    return load_detector("mtcnn", threads=1)


@pytest.mark.parametrize("angle", [0.0, 0.7, -2.5])
def test_it_turns_and_grows_with_the_face(angle):
    points = five_points((300, 200), 2.0, angle)
    (axis,) = portrait_axes(points[None])
    assert np.angle(axis) == pytest.approx(angle, abs=1e-9)
    assert abs(axis) == pytest.approx(FACTOR * 2 * 46 / SIDE)  # 46: the longer side of the points
    matrix = portrait_matrices(points[None])[0]
    np.testing.assert_allclose(matrix[:, 0], [axis.real, axis.imag], atol=1e-9)


def test_differences_count_in_portrait_pixels():
    points = five_points((300, 200))
    moved = points + np.array([3 * FACTOR * 46 / SIDE, 0])
    assert apart(points, points) == 0
    assert apart(points, moved) == pytest.approx(3)
    assert apart(points * 5, moved * 5) == pytest.approx(3)


@pytest.mark.parametrize("degrees", [0, 90, 200])
def test_a_look_sees_a_face_of_any_roll(detector, image, degrees):
    scene, truth = turned(image, degrees)
    look = look_at(detector, scene, truth)
    assert look.score > 0.9
    assert look.portrait.shape == (SIDE, SIDE, 3)
    assert error(look.five_points, truth) < 0.15
    assert apart(truth, look.five_points) < LARGEST_OFFSET


def test_a_look_elsewhere_sees_none(detector, image):
    scene, truth = turned(image, 0)
    assert look_at(detector, scene, truth + np.array([-180, 150])).score < FACE
    assert look_at(detector, np.zeros_like(scene), truth).score < FACE


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
    expected = square.to_image(square.to_crop(five, matrices) + offsets, matrices)
    np.testing.assert_allclose(shifted(five, offsets), expected)
