"""Cells that see the same face, and boxes of leaning faces."""

import numpy as np
import pytest

from lapland.detection.merging import (
    Found,
    centres,
    joined,
    merged,
    padded,
    upright_boxes,
)


def cells(*places, side=40.0):
    """Centre, sides and one point of cells."""
    return np.array([[place, (side, side), np.add(place, 5)] for place in places], float)


def test_cells_of_one_face_are_their_weighted_mean():
    values = cells((100, 100), (108, 100), (300, 50))
    scores = np.array([0.9, 0.3, 0.6], np.float32)
    best, means = merged(scores, values)
    np.testing.assert_array_equal(best, scores[[0, 2]])
    np.testing.assert_allclose(means[0], cells((102, 100))[0])
    np.testing.assert_allclose(means[1], values[2])


def test_no_cells():
    best, means = merged(np.zeros(0, np.float32), cells()[:0].reshape(0, 3, 2))
    assert (best.shape, means.shape) == ((0,), (0, 3, 2))


def test_centres_of_cells_stand_row_by_row_and_level_by_level():
    found = centres(16, 32, ((8, 1), (16, 2)))
    fine = [[x, y] for y in (4, 12) for x in (4, 12, 20, 28)]
    coarse = [[8, 8], [8, 8], [24, 8], [24, 8]]
    assert found.tolist() == fine + coarse
    assert not found.flags.writeable  # all callers share it


@pytest.mark.parametrize(("shape", "whole"), [((32, 48), (32, 48)), ((33, 1), (48, 16))])
def test_images_are_filled_up_to_whole_cells(shape, whole):
    image = np.full((*shape, 3), 200, np.uint8)
    found = padded(image, 16)
    assert found.shape == (1, *whole, 3)
    assert (found[0, : shape[0], : shape[1]] == 200).all()
    assert found.sum() == image.astype(int).sum()


def test_boxes_follow_the_forehead():
    centre, side = np.array([[100.0, 100.0]]), np.array([[40.0]])
    proportions = np.array([0.1, 0.8, 1.2])
    upright = upright_boxes(centre, side, np.array([[0.0, -3.0]]), proportions)
    np.testing.assert_allclose(upright, [[84, 72, 116, 120]])
    lying = upright_boxes(centre, side, np.array([[7.0, 0.0]]), proportions)
    np.testing.assert_allclose(lying, [[80, 84, 128, 116]])


def test_some_of_the_faces():
    found = Found(*(np.arange(3 * n, dtype=float).reshape(3, n) for n in (4, 1, 10)))
    few = found.at(np.array([2, 0]))
    assert [array.shape[0] for array in few] == [2] * 3
    np.testing.assert_array_equal(few.boxes, found.boxes[[2, 0]])
    again = joined(few, found.at(np.array([1])))
    np.testing.assert_array_equal(again.five_points, found.five_points[[2, 0, 1]])
