"""Maps of vertices to landmarks, fitted to faces whose landmarks follow from vertices."""

import numpy as np
import pytest

from lapland.schemes.ibug68 import IBUG68
from training.labelling import maps
from training.labelling.mesh import CORNERS, VERTICES

MIRROR = list(IBUG68.mirror)


def meshes(count, rng, spread=0.05):
    """Random smooth faces (count, 478, 3): one shape, bent a little by twelve modes."""
    fixed = np.random.default_rng(5)
    base = fixed.uniform(-1, 1, (VERTICES, 3))
    base[CORNERS[0]], base[CORNERS[1]] = [-0.5, -0.3, 0], [0.5, -0.3, 0]
    waves = fixed.normal(0, 1, (12, 3))
    modes = np.sin(base @ waves.T)[:, :, None] * fixed.normal(0, 1, (12, 3))  # (478, 12, 3)
    faces = base + spread * np.einsum("nm,vmc->nvc", rng.normal(0, 1, (count, 12)), modes)
    angle, size = rng.uniform(-0.5, 0.5, count), rng.uniform(50, 90, count)
    c, s, one = np.cos(angle), np.sin(angle), np.zeros(count)
    turn = np.stack([np.stack([c, -s, one], 1), np.stack([s, c, one], 1)], 1)
    turn = np.concatenate([turn, np.broadcast_to([[[0, 0, 1.0]]], (count, 1, 3))], 1)
    return faces @ turn.transpose(0, 2, 1) * size[:, None, None] + [150, 120, 0]


def landmarks_of(vertices):
    """(N, 68, 2): each landmark lies between two vertices."""
    first = vertices[:, np.arange(68) * 6, :2]
    second = vertices[:, np.arange(68) * 6 + 3, :2]
    return 0.7 * first + 0.3 * second


@pytest.mark.parametrize("kind", [maps.RidgeMap, maps.LocalMap])
def test_landmarks_between_vertices_are_found(kind):
    rng = np.random.default_rng(0)
    known, new = meshes(160, rng), meshes(20, rng)
    truth = landmarks_of(new)
    options = {"neighbours": 60, "ridge": 1e-4} if kind is maps.LocalMap else {"ridge": 1e-3}
    found = kind.fit(known, landmarks_of(known), **options)(new)
    assert np.linalg.norm(found - truth, axis=2).mean() < 0.7  # pixels of a face of some 140


def test_local_weights_add_up_to_one_so_that_landmarks_move_with_the_mesh():
    known = meshes(30, np.random.default_rng(1))
    fitted = maps.LocalMap.fit(known, landmarks_of(known))
    assert np.allclose(fitted.weights.sum(axis=1), 1)
    one = known[:1]
    stretched = one * [1.5, 0.8, 1.0] + [30, -20, 0]
    assert np.allclose(fitted(stretched), fitted(one) * [1.5, 0.8] + [30, -20])


@pytest.mark.parametrize("kind", [maps.RidgeMap, maps.LocalMap])
def test_saved_and_loaded(kind, tmp_path):
    known = meshes(30, np.random.default_rng(2))
    fitted = kind.fit(known, landmarks_of(known))
    maps.save(tmp_path / "map.npz", fitted, "30 faces")
    again, facts = maps.load(tmp_path / "map.npz")
    assert facts == "30 faces"
    assert type(again) is kind
    assert np.abs(again(known) - fitted(known)).max() < 0.05


def test_another_file_is_refused(tmp_path):
    np.savez(tmp_path / "other.npz", a=np.zeros(3))
    with pytest.raises(ValueError, match="expected a map"):
        maps.load(tmp_path / "other.npz")


def test_mirrored_views_are_mirrored_back():
    known = meshes(40, np.random.default_rng(3))
    fitted = maps.LocalMap.fit(known, landmarks_of(known))
    face = known[0]
    # A mirrored view of a face whose landmarks are those of the plain view, named from the other
    # side: the map of the mirrored picture must give the mirrored landmarks.
    plain = fitted(face[None])[0]
    both = np.stack([face, face, np.full_like(face, np.nan)])
    mean, spread = maps.over_views(fitted, both, MIRROR)
    other = fitted(face[None] * [-1, 1, 1])[0][MIRROR] * [-1, 1]
    assert np.allclose(mean, (plain + other) / 2)
    assert np.allclose(spread, np.linalg.norm(plain - other, axis=1) / 2)


def test_no_view_no_landmarks():
    known = meshes(20, np.random.default_rng(4))
    fitted = maps.LocalMap.fit(known, landmarks_of(known))
    mean, spread = maps.over_views(fitted, np.full((2, VERTICES, 3), np.nan), MIRROR)
    assert np.isnan(mean).all()
    assert np.isnan(spread).all()


def test_samples_leave_out_views_without_a_mesh():
    faces = meshes(3, np.random.default_rng(6))
    views = np.repeat(faces[:, None], 4, axis=1)
    views[0, 1::2] = np.nan  # no mirrored view of the first
    views[1] = np.nan  # none at all of the second
    found, targets = maps.samples(views, landmarks_of(faces), MIRROR)
    assert len(found) == len(targets) == 3
    assert np.allclose(found[0], faces[0])
    assert np.allclose(found[2], faces[2] * [-1, 1, 1])
    assert np.allclose(targets[2], landmarks_of(faces)[2][MIRROR] * [-1, 1])
