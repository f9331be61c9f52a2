"""Rotations and angles."""

import numpy as np

from lapland.answers.rotations import (
    angle_variances,
    angles_of,
    exponential,
    nearest_rotation,
    plain_angles,
    rotations_of,
)


def random_angles(n, most=60):
    return np.random.default_rng(0).uniform(-1, 1, (n, 3)) * [most, 25, 40]


def test_rotations_and_angles_are_inverse():
    angles = random_angles(50, 80)
    assert np.allclose(angles_of(rotations_of(angles)), angles, atol=1e-9)


def plain(rotation):
    return tuple(map(tuple, rotation.tolist()))


def test_plain_numbers_and_arrays_agree():
    for angles in random_angles(20, 80):
        rotation = rotations_of(angles[None])[0]
        np.testing.assert_allclose(plain_angles(plain(rotation)), angles, atol=1e-9)


def test_variances_are_those_of_small_turns():
    rng, small = np.random.default_rng(2), 1e-5
    for angles in random_angles(20, 80):
        rotation, root = rotations_of(angles[None])[0], rng.normal(size=(3, 3))
        covariance = root @ root.T
        there, back = (angles_of(exponential(h * np.eye(3)) @ rotation) for h in (small, -small))
        slopes = np.deg2rad(there - back).T / (2 * small)
        found = angle_variances(plain(rotation), plain(covariance))
        np.testing.assert_allclose(found, np.diag(slopes @ covariance @ slopes.T), rtol=1e-4)


def test_the_nearest_rotation_is_that_of_the_singular_values():
    for rows in np.random.default_rng(3).normal(size=(20, 2, 3)):
        found, size = nearest_rotation(*plain(rows))
        u, stretch, v = np.linalg.svd(rows, full_matrices=False)
        np.testing.assert_allclose(found[:2], u @ v, atol=1e-9)
        np.testing.assert_allclose(size, stretch.mean())
        np.testing.assert_allclose(np.linalg.det(found), 1)
    assert nearest_rotation((0.0, 0.0, 0.0), (0.0, 0.0, 0.0)) == (plain(np.eye(3)), 0.0)
