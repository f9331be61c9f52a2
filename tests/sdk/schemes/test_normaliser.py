"""The length d that errors are divided by."""

import numpy as np

from lapland import AFLW19, IBUG68
from lapland.schemes.normaliser import LEAST, face_sides, normalisers


def test_the_outer_corners_of_the_eyes():
    landmarks = np.zeros((2, 68, 2))
    landmarks[:, 45] = [[30, 40], [6, 8]]
    np.testing.assert_allclose(normalisers(landmarks, IBUG68), [50, 10])


def test_the_side_of_the_face_without_corners():
    landmarks = np.zeros((1, 19, 2))
    landmarks[0, 3], landmarks[0, 4] = [20, 0], [0, 45]
    np.testing.assert_allclose(normalisers(landmarks, AFLW19), [30])
    np.testing.assert_allclose(face_sides(landmarks), [30])


def test_hidden_landmarks():
    landmarks = np.random.default_rng(0).uniform(0, 99, (1, 68, 2))
    landmarks[0, 45] = np.nan
    assert np.isnan(normalisers(landmarks, IBUG68)).all()
    assert np.isfinite(face_sides(landmarks)).all()


def test_no_length_is_zero():
    same = np.full((1, 68, 2), 5.0)
    assert normalisers(same, IBUG68) == face_sides(same) == LEAST
    assert normalisers(same[:0], IBUG68).shape == (0,)
