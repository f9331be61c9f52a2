"""Size and roll of a face from its five points."""

import numpy as np
import pytest

from lapland.crop import square
from lapland.crop.five_points import as_complex, as_points, in_all_directions, roll
from tests.drawn_dots import five_points, turn

SIZE = 80


def matrix_of(points, factor=3.0, upright=True, size=SIZE):
    return square.crop_matrices(points[None], factor=factor, size=size, upright=upright)


@pytest.mark.parametrize("angle", np.linspace(-3.1, 3.1, 9))
@pytest.mark.parametrize("scale", [0.01, 1, 500])
def test_roll_is_the_angle_and_clockwise_is_positive(angle, scale):
    points = five_points((70, -20), scale, angle)
    assert roll(points[None])[0] == pytest.approx(angle, abs=1e-9)
    if 0.1 < angle < 3:
        assert points[1, 1] > points[0, 1]  # the right eye is lower than the left


def test_all_directions_are_equal_parts_of_a_circle():
    points = five_points((0, 0), 20, 0.2)
    ways = as_points(in_all_directions(as_complex(points), 6))
    np.testing.assert_allclose(ways[0], points)
    steps = np.diff(roll(ways)) % (2 * np.pi)
    np.testing.assert_allclose(steps, np.pi / 3)
    np.testing.assert_allclose(np.linalg.norm(ways, axis=2), [np.linalg.norm(points, axis=1)] * 6)


def test_roll_of_the_photo(detector, image):
    """A head that is all but upright; a turned picture has its head turned as much."""
    points = detector.predict(image).five_points
    assert abs(roll(points)[0]) < 0.12
    quarter = np.ascontiguousarray(np.rot90(image, -1))
    turned = points @ turn(np.pi / 2).T.astype(np.float32) + [image.shape[0] - 1, 0]
    assert roll(turned)[0] == pytest.approx(roll(points)[0] + np.pi / 2, abs=1e-6)
    first = square.cut(image, matrix_of(points[0])[0], SIZE).astype(int)
    second = square.cut(quarter, matrix_of(turned[0])[0], SIZE)
    assert abs(first - second).mean() < 0.5
