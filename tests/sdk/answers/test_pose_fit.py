"""The fit of the head to landmarks, without its conversion to angles."""

import numpy as np
import pytest

from lapland.answers.head import load_head
from lapland.answers.pose_fit import PoseFit
from lapland.answers.rotations import angles_of, rotations_of

ANGLES = np.array([[0.0, 0.0, 0.0], [25.0, -10.0, 15.0], [-40.0, 5.0, -30.0]])


def seen(size=5.0, place=(120.0, 80.0)):
    """Landmarks of the mean head at `ANGLES`, image pixels."""
    rotations = rotations_of(ANGLES)
    yaws = np.rad2deg(np.arctan2(rotations[:, 0, 2], rotations[:, 2, 2]))
    turned = rotations @ load_head().at(yaws)[0]
    return (turned[:, :2] * size).transpose(0, 2, 1) * [1, -1] + place


def fit_of(landmarks, deviation=0.5):
    return PoseFit(load_head(), landmarks, np.full(landmarks.shape[:2], deviation), None, None)


def test_it_finds_rotation_size_and_place():
    fit = fit_of(seen())
    fit.run()
    assert np.abs(angles_of(fit.rotations) - ANGLES).max() < 0.6
    np.testing.assert_allclose(fit.sizes, 5, rtol=0.02)
    np.testing.assert_allclose(fit.places, np.tile([[120.0, -80.0]], (3, 1)), atol=2)
    assert np.abs(fit.coefficients).max() < 0.5


def test_rotations_stay_rotations():
    fit = fit_of(seen() + np.random.default_rng(0).normal(0, 4, (3, 68, 2)))
    fit.run()
    identity = fit.rotations @ fit.rotations.transpose(0, 2, 1)
    np.testing.assert_allclose(identity, np.tile(np.eye(3), (3, 1, 1)), atol=1e-9)
    np.testing.assert_allclose(np.linalg.det(fit.rotations), 1)


def test_covariances_grow_with_the_deviations():
    small, large = fit_of(seen(), 0.5).run(), fit_of(seen(), 5.0).run()
    assert small.shape == (3, 3, 3)
    np.testing.assert_allclose(small, small.transpose(0, 2, 1), atol=1e-12)
    assert (np.linalg.eigvalsh(small) > 0).all()
    assert (np.trace(large, axis1=1, axis2=2) > np.trace(small, axis1=1, axis2=2)).all()


@pytest.mark.parametrize("landmarks", [np.zeros((1, 68, 2)), np.full((1, 68, 2), 7.0)])
def test_points_in_one_place_give_finite_numbers(landmarks):
    fit = fit_of(landmarks)
    assert np.isfinite(fit.run()).all()
    assert np.isfinite(fit.rotations).all()
