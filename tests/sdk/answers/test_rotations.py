"""Rotations and angles."""

import numpy as np

from lapland.answers.rotations import angles_of, rotations_of


def random_angles(n, most=60):
    return np.random.default_rng(0).uniform(-1, 1, (n, 3)) * [most, 25, 40]


def test_rotations_and_angles_are_inverse():
    angles = random_angles(50, 80)
    assert np.allclose(angles_of(rotations_of(angles)), angles, atol=1e-9)
