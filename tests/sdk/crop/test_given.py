"""Boxes and five points that callers give."""

import numpy as np
import pytest

from lapland import GeometryError
from lapland.crop.given import checked_boxes, checked_five_points

FIVE = [[10, 20], [50, 20], [30, 40], [15, 60], [45, 60]]


def test_numbers_in_pixels_pass():
    assert checked_boxes([[1, 2, 30, 40]]).tolist() == [[1, 2, 30, 40]]
    assert checked_boxes([]).shape == (0, 4)
    points = checked_five_points([FIVE])
    assert (points.shape, points.dtype) == ((1, 5, 2), np.float64)
    assert checked_five_points([]).shape == (0, 5, 2)


def test_the_callers_points_are_copied():
    given = np.array([FIVE], np.float64)
    checked_five_points(given)[:] = 0
    assert given.any()


@pytest.mark.parametrize("check", [checked_boxes, checked_five_points])
@pytest.mark.parametrize(
    ("scale", "words"), [(1e-3, "expected image pixels, found all"), (1e7, "of at most 1e")]
)
def test_shares_and_huge_numbers_are_refused(check, scale, words):
    given = np.array([FIVE if check is checked_five_points else [10, 20, 50, 60]]) * scale
    with pytest.raises(GeometryError, match=words):
        check(given)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (FIVE, r"for one face pass points\[None\]"),
        ([FIVE[:4]], "shape \\(N, 5, 2\\)"),
        ([[*FIVE[:4], [1]]], "rows of one length"),
        ([[["a", "b"]] * 5], "expected numbers"),
        ([[*FIVE[:4], [1, float("nan")]]], "NaN or infinity"),
    ],
)
def test_wrong_five_points_are_named(wrong, words):
    with pytest.raises(GeometryError, match=words):
        checked_five_points(wrong)
