"""Crops: where things land in them, what they look like, and how they follow the face."""

import numpy as np
import pytest

from lapland.crop import square
from tests.drawn_dots import FIVE, dots, five_points, turn

SIZE = 80


def matrix_of(points, factor=3.0, upright=True, size=SIZE):
    return square.crop_matrices(points[None], factor=factor, size=size, upright=upright)


def centroid(crop, grey=100):
    """Where the brightness above `grey` is, (x, y)."""
    weight = np.maximum(crop.astype(float).mean(axis=2) - grey, 0)
    y, x = np.mgrid[: crop.shape[0], : crop.shape[1]]
    return np.array([(weight * x).sum(), (weight * y).sum()]) / weight.sum()


# --- the square


def test_the_square_of_the_paper():
    """Parallel to the image: centre of the five points' rectangle, factor times its longer side."""
    points = five_points((300, 200))
    matrix = matrix_of(points, factor=3.0, upright=False)
    step = 3 * 46 / SIZE
    np.testing.assert_allclose(matrix[0, :, :2], step * np.eye(2))
    np.testing.assert_allclose(square.steps(matrix), [step])
    middle = square.to_image(np.full((1, 1, 2), (SIZE - 1) / 2), matrix)
    np.testing.assert_allclose(middle[0, 0], [300, 200])
    # The square's edges are the outer edges of its first and last pixels.
    edges = square.to_image(np.array([[[-0.5, -0.5], [SIZE - 0.5, SIZE - 0.5]]]), matrix)
    np.testing.assert_allclose(edges[0], [[300 - 69, 200 - 69], [300 + 69, 200 + 69]])


@pytest.mark.parametrize("upright", [True, False])
def test_the_square_follows_shift_and_size(upright):
    points = five_points((50, 60), 1.0, 0.4)
    first = matrix_of(points, upright=upright)
    shifted = matrix_of(five_points((67.5, 55.75), 1.0, 0.4), upright=upright)
    np.testing.assert_allclose(shifted - first, [[[0, 0, 17.5], [0, 0, -4.25]]], atol=1e-9)
    larger = matrix_of(points * 7, upright=upright)
    np.testing.assert_allclose(square.steps(larger), 7 * square.steps(first))


def test_the_upright_square_turns_with_the_face():
    inside = np.random.default_rng(0).uniform(0, SIZE, (1, 9, 2))
    upright = square.to_image(inside, matrix_of(FIVE))
    for angle in (0.3, -1.2, 3.0):
        turned = square.to_image(inside, matrix_of(FIVE @ turn(angle).T))
        np.testing.assert_allclose(turned[0], upright[0] @ turn(angle).T, atol=1e-9)


@pytest.mark.parametrize("upright", [True, False])
def test_crop_and_image_are_inverse(upright):
    rng = np.random.default_rng(1)
    points = rng.uniform(-500, 3000, (20, 5, 2))
    matrices = square.crop_matrices(points, factor=2.7, size=SIZE, upright=upright)
    places = rng.uniform(-40, 120, (20, 68, 2))
    there = square.to_image(places, matrices)
    np.testing.assert_allclose(square.to_crop(there, matrices), places, atol=1e-8)


@pytest.mark.parametrize("upright", [True, False])
@pytest.mark.parametrize("points", [np.full((5, 2), 30.0), np.arange(10.0).reshape(5, 2)])
def test_degenerate_points_give_a_square_all_the_same(points, upright, image):
    """Five points that coincide, or lie on a line."""
    matrix = matrix_of(points, upright=upright)
    assert np.isfinite(matrix).all()
    assert square.steps(matrix)[0] >= 1 / SIZE - 1e-12
    assert square.cut(image, matrix[0], SIZE).shape == (SIZE, SIZE, 3)


# --- the pixels


@pytest.mark.parametrize("angle", [0.0, 0.5, -2.0])
@pytest.mark.parametrize("step", [0.2, 0.9, 1.0, 1.9, 2.1, 3.7, 8.3, 14.0])
def test_what_lies_at_a_place_is_seen_where_to_crop_says(step, angle):
    size = int(118 * step)
    centre = np.array([size / 2 - 0.37 * step, size / 2 + 0.21 * step])
    place = centre + step * np.array([11.3, -7.8])
    image = dots(size, size, [(*place, 250)], sigma=2.5 * step, grey=90)
    matrix = matrix_of(five_points(centre, step * SIZE / (3 * 46), angle))
    assert square.steps(matrix)[0] == pytest.approx(step)
    crop = square.cut(image, matrix[0], SIZE)
    expected = square.to_crop(place[None, None], matrix)[0, 0]
    # A hundredth of the crop's pixels, but no finer than a twentieth of the image's.
    np.testing.assert_allclose(centroid(crop), expected, atol=max(0.04, 0.05 / step))


@pytest.mark.parametrize(
    ("step", "angle", "left"),
    [
        (2.0, 0.0, 0.02),
        (2.0, 0.4, 0.25),  # two samples across a pattern that is turned do not cancel it
        (3.0, 0.4, 0.25),
        (4.0, 0.4, 0.1),
        (5.3, 0.0, 0.1),
        (9.9, 0.4, 0.1),
        (16.0, 0.0, 0.02),
    ],
)
def test_fine_patterns_become_flat_grey(step, angle, left):
    """Of the finest checkerboard no more than a part is left, where a plain sample keeps it all."""
    side = int(120 * step)
    board = (np.indices((side, side)).sum(axis=0) % 2 * 255).astype(np.uint8)
    image = np.repeat(board[..., None], 3, axis=2)
    matrix = matrix_of(five_points((side / 2, side / 2), step * SIZE / (3 * 46), angle))
    crop = square.cut(image, matrix[0], SIZE)
    assert abs(crop.astype(float) - 127.5).max() <= left * 127.5


def test_a_crop_of_the_images_own_pixels_is_softened_but_not_moved(image):
    """At a step of one pixel, each crop pixel is a symmetric mean around its image pixel."""
    matrix = np.array([[1.0, 0, 200], [0, 1.0, 60]])
    crop = square.cut(image, matrix, SIZE)
    part = image[60 - 1 : 60 + SIZE + 1, 200 - 1 : 200 + SIZE + 1].astype(float)
    tap = np.array([0.125, 0.75, 0.125])  # two bilinear samples, a quarter of a pixel each way
    rows = sum(w * part[i : i + SIZE] for i, w in enumerate(tap))
    expected = sum(w * rows[:, i : i + SIZE] for i, w in enumerate(tap))
    assert abs(crop - expected).max() < 2.5


@pytest.mark.parametrize("scale", [0.3, 1.0, 6.0])
def test_outside_the_image_is_black(scale):
    white = np.full((100, 140, 3), 255, np.uint8)
    points = five_points((0, 50), scale)
    crop = square.cut(white, matrix_of(points)[0], SIZE)
    step = 3 * 46 * scale / SIZE
    assert (crop[:, : SIZE // 2 - 2] == 0).all()  # the image begins in the middle
    rows = slice(int(max(0, 40 - 50 / step)) + 2, int(min(80, 40 + 50 / step)) - 2)
    columns = slice(42, int(min(80, 40 + 140 / step)) - 2)
    assert (crop[rows, columns] == 255).all()


@pytest.mark.parametrize("scale", [0.05, 1.0, 400.0, 1e5])
@pytest.mark.parametrize(
    "centre", [(-1e4, 50), (1e4, 50), (50, -1e4), (50, 1e4), (-1e6, -1e6), (1e6, 1e6)]
)
def test_wholly_outside_is_black_and_no_error(centre, scale):
    white = np.full((100, 140, 3), 255, np.uint8)
    far = np.asarray(centre) * max(scale, 1)
    crop = square.cut(white, matrix_of(five_points(far, scale))[0], SIZE)
    assert crop.shape == (SIZE, SIZE, 3)
    assert not crop.any()


@pytest.mark.parametrize("shape", [(1, 1), (1, 500), (500, 1), (3, 40_000), (40_000, 3)])
@pytest.mark.parametrize("scale", [0.1, 1.0, 60.0])
def test_odd_shapes(shape, scale):
    white = np.full((*shape, 3), 255, np.uint8)
    for centre in ((0, 0), (shape[1], shape[0]), (-300, -300)):
        crop = square.cut(white, matrix_of(five_points(centre, scale))[0], SIZE)
        assert crop.shape == (SIZE, SIZE, 3)


def test_cutting_leaves_the_image_alone_and_gives_a_new_array(image):
    matrix = matrix_of(five_points((225, 120)))[0]
    before = image.copy()
    crop = square.cut(image, matrix, SIZE)
    crop[...] = 0
    np.testing.assert_array_equal(image, before)
