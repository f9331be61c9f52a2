import numpy as np
import pytest

from lapland.schemes.aflw19 import AFLW19
from lapland.schemes.ibug68 import IBUG68
from lapland.schemes.normaliser import normalisers
from tests.drawn_faces import mean_shape
from training.data.pts import read_pts
from training.data.readers import read_split
from training.evaluation.strata import FEWEST, strata, yaws


def turned(yaw, roll=0.0):
    """(68, 2): the drawn face with a nose as long as half its eyes are apart, seen from there."""
    flat = mean_shape()
    depth = np.zeros(68)
    depth[30] = np.linalg.norm(flat[45] - flat[36]) / 2
    a, b = np.deg2rad([yaw, roll])
    seen = np.stack([flat[:, 0] * np.cos(a) + depth * np.sin(a), flat[:, 1]], axis=1)
    return 50 * seen @ np.array([[np.cos(b), np.sin(b)], [-np.sin(b), np.cos(b)]]) + 300


def test_yaw_of_a_solid_face_is_found_whatever_its_roll():
    angles = [0, 10, -25, 40, -65]
    for roll in (0, 30, -100):
        found = yaws(np.stack([turned(a, roll) for a in angles]), IBUG68)
        np.testing.assert_allclose(found, np.abs(angles), atol=1e-9)


def test_yaw_is_unknown_where_the_annotation_does_not_tell_it():
    faces = np.stack([turned(20), turned(20)])
    faces[0, 45] = np.nan
    found = yaws(faces, IBUG68)
    assert np.isnan(found[0])
    assert found[1] == pytest.approx(20)
    assert yaws(np.zeros((2, 19, 2)), AFLW19) is None


def test_strata_hold_the_faces_that_they_name():
    faces = np.stack([turned(a) for a in (*range(1, FEWEST + 1), *range(31, 31 + FEWEST), 20)])
    faces[:FEWEST] *= 0.5
    sizes = normalisers(faces, IBUG68)
    found = strata(faces, sizes, IBUG68)
    assert set(found) == {"yaw below 15°", "yaw 30° and more", "d below 32 px", "d 32 to 64 px"}
    for name in ("yaw below 15°", "d below 32 px"):
        assert np.flatnonzero(found[name]).tolist() == list(range(FEWEST))
    assert set(strata(faces[:, :19], sizes, AFLW19)) == {"d below 32 px", "d 32 to 64 px"}
    # One that holds every face would repeat the figures of all.
    assert "d below 32 px" not in strata(faces[:FEWEST], sizes[:FEWEST], IBUG68)


def test_the_nose_of_300w_is_as_long_as_yaw_takes_it_to_be(data_300w):
    names = read_split(data_300w / "splits" / "train.txt")
    faces = np.stack([read_pts((data_300w / name).with_suffix(".pts")) for name in names])
    asymmetry = np.tan(np.deg2rad(yaws(faces, IBUG68)))
    across = faces[:, 45] - faces[:, 36]
    down = faces[:, 8] - (faces[:, 19] + faces[:, 24]) / 2  # brows to chin
    width = np.linalg.norm(across, axis=1)
    height = np.abs(across[:, 0] * down[:, 1] - across[:, 1] * down[:, 0]) / width
    # With a nose of k half distances, width / height falls as cos(yaw) = 1 / sqrt(1 + (a / k)^2).
    spread = {}
    for k in np.arange(0.3, 2, 0.05):
        constant = np.log(width / height) + np.log1p((asymmetry / k) ** 2) / 2
        spread[k] = np.abs(constant - np.median(constant)).mean()
    assert min(spread, key=spread.get) == pytest.approx(1, abs=0.15)
