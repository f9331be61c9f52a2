"""Radii and confidence that a file holds."""

import numpy as np
import pytest

from lapland import IBUG68, ModelError
from lapland.uncertainty.recorded import RECORDED, Recorded

RADII = np.random.default_rng(0).uniform(1, 5, (2, 68))


@pytest.fixture
def rows():
    """Two faces: confidence, radii at 50 % and radii at 90 %, which are twice as large."""
    return np.concatenate([[[0.9], [0.3]], RADII, 2 * RADII], axis=1)


def radii_of(rows, probability):
    return Recorded(IBUG68, True).estimate(None, None, rows).radii(probability)


def test_the_recorded_ones_come_back(rows):
    low, high = (radii_of(rows, p) for p in RECORDED)
    assert low.dtype == high.dtype == np.float32
    np.testing.assert_allclose(low, RADII, rtol=1e-6)
    np.testing.assert_allclose(high, 2 * RADII, rtol=1e-6)
    assert Recorded(IBUG68, True).columns == rows.shape[1]


def test_others_ascend_with_the_probability(rows):
    found = np.array([radii_of(rows, p) for p in (0.01, 0.5, 0.7, 0.9, 0.99)])
    assert (np.diff(found, axis=0) > 0).all()


def test_confidence(rows):
    found = Recorded(IBUG68, True).estimate(None, None, rows).confidence()
    np.testing.assert_array_equal(found, np.array([0.9, 0.3], np.float32))


def test_radii_of_any_file_are_finite(rows):
    rows[:, 1:69], rows[:, 69:] = 0, 1e6
    assert np.isfinite(radii_of(rows, 1 - 1e-12)).all()


def test_a_file_without_radii_has_confidence_alone(rows):
    assert Recorded(IBUG68, False).columns == 1
    old = Recorded(IBUG68, False).estimate(None, None, rows[:, :1])
    assert old.confidence().tolist() == pytest.approx([0.9, 0.3])
    with pytest.raises(ModelError, match="predict the photo again"):
        old.radii(0.9)
