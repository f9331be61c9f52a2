"""The text of a `.pts` file."""

import numpy as np

from lapland.formats.pts import to_pts


def test_coordinates_count_from_1_with_three_decimals():
    text = to_pts(np.array([[0, 0], [1.25, -3], [9.9996, 2]], np.float32))
    assert text == "version: 1\nn_points: 3\n{\n1.000 1.000\n2.250 -2.000\n11.000 3.000\n}\n"


def test_no_landmarks():
    assert to_pts(np.zeros((0, 2), np.float32)) == "version: 1\nn_points: 0\n{\n}\n"
