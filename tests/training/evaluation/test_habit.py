import numpy as np
import pytest

from lapland.schemes.ibug68 import IBUG68
from lapland.schemes.normaliser import normalisers
from tests.drawn_faces import mean_shape
from training.evaluation import habit


def turned_faces(rng, count):
    """(N, 68, 2) faces of any size, place and angle, with the matrices that made them."""
    angles, sizes = rng.uniform(-3, 3, count), rng.uniform(30, 300, count)
    turns = np.stack([[np.cos(angles), -np.sin(angles)], [np.sin(angles), np.cos(angles)]])
    matrices = np.moveaxis(turns, 2, 0) * sizes[:, None, None]
    shapes = mean_shape() + rng.normal(0, 0.005, (count, 68, 2))
    return np.einsum("nij,nkj->nki", matrices, shapes), matrices


def test_a_constant_offset_in_the_frame_of_the_face_is_no_error():
    rng = np.random.default_rng(0)
    faces, matrices = turned_faces(rng, 40)
    # The line of the eyes of a drawn face is level up to its noise.
    offsets = np.einsum("nij,kj->nki", matrices, rng.normal(0, 0.05, (68, 2)))
    sizes = normalisers(faces, IBUG68)
    before = 100 * np.linalg.norm(offsets, axis=2) / sizes[:, None]
    found = habit.figures(faces + offsets, faces, sizes, IBUG68)
    assert before.mean() > 4
    assert found["nmse"] < 0.05 * before.mean()


def test_errors_that_differ_from_face_to_face_stay():
    rng = np.random.default_rng(1)
    faces, _ = turned_faces(rng, 400)
    sizes = normalisers(faces, IBUG68)
    noise = rng.normal(0, 0.03, faces.shape) * sizes[:, None, None]
    found = habit.figures(faces + noise, faces, sizes, IBUG68)
    expected = 100 * np.linalg.norm(noise, axis=2).mean(axis=1) / sizes
    assert found["nmse"] == pytest.approx(expected.mean(), rel=0.02)


def test_landmarks_that_are_not_visible_count_nowhere():
    rng = np.random.default_rng(2)
    faces, _ = turned_faces(rng, 10)
    labels = faces.copy()
    labels[3, 8] = np.nan
    sizes = normalisers(faces, IBUG68)
    found = habit.without_offsets(faces + 1, labels, IBUG68)
    assert np.isfinite(found).all()
    assert habit.figures(faces, labels, sizes, IBUG68)["nmse"] == pytest.approx(0, abs=1e-9)
