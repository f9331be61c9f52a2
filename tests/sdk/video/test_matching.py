"""Squares about faces, overlaps and pairs."""

import numpy as np
import pytest

from lapland.video.matching import overlaps, pairs, squares
from tests.drawn_dots import five_points

FIVE = five_points(np.array([200.0, 150.0]))


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
