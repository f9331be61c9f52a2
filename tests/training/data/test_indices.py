"""Indices of the three forms, and the weights that training reads from them."""

import cv2
import numpy as np
import pytest

from lapland.schemes.ibug68 import IBUG68
from tests.drawn_faces import draw_face, write_folder
from training.data import indices
from training.data.readers import read_folder


def test_written_and_read(tmp_path):
    weights = np.linspace(0, 1, 68)
    rows = [indices.Row("a/b, c", "my photos", "CC BY 4.0", 1.234, weights)]
    indices.write_index(tmp_path, rows)
    found = indices.read_index(tmp_path)["a/b, c"]
    assert (found.source, found.terms, found.agreement) == ("my photos", "CC BY 4.0", 1.23)
    assert np.abs(found.weights - weights).max() <= 0.005
    assert found.weight == pytest.approx(0.5, abs=0.005)


@pytest.mark.parametrize(("yaw", "far"), [(40, 0), (-40, 16), (10, None), (-10, None)])
def test_the_far_side_of_a_turned_face_is_masked(tmp_path, yaw, far):
    (tmp_path / "index.csv").write_text(f"name,yaw,pitch\nface,{yaw},3\n")
    weights = indices.read_index(tmp_path)["face"].weights
    if far is None:
        assert (weights == 1).all()
        return
    # A nose that points to the left of the picture hides the jaw on the left, points 0 to 7.
    assert weights[far] == 0
    assert weights[16 - far] == 1
    assert (weights[[8, 30, 33, 51, 57]] == 1).all()
    assert (weights == 0).sum() == 19


def test_disagreement_becomes_a_weight(tmp_path):
    (tmp_path / "index.csv").write_text("name,size,disagreement\ngood,99,0\nbad,99,3.0\n")
    found = indices.read_index(tmp_path)
    assert (found["good"].weights == 1).all()
    assert np.allclose(found["bad"].weights, 0.5)


def test_other_tables_are_refused(tmp_path):
    (tmp_path / "index.csv").write_text("x,y\n1,2\n")
    with pytest.raises(ValueError, match=r"expected the columns .* found x, y"):
        indices.read_index(tmp_path)
    (tmp_path / "index.csv").write_text("name,yaw\nface,much\n")
    with pytest.raises(ValueError, match="line 2"):
        indices.read_index(tmp_path)


def test_faces_take_the_nearest_index(tmp_path):
    folder = write_folder(tmp_path / "one", 4)
    rng = np.random.default_rng(9)
    other = tmp_path / "two"
    (other / "deep").mkdir(parents=True)
    image, landmarks = draw_face(rng)
    cv2.imwrite(str(other / "deep/own.png"), image)
    rows = "".join(f"{x + 1:.3f} {y + 1:.3f}\n" for x, y in landmarks)
    (other / "deep/own.pts").write_text(f"version: 1\nn_points: 68\n{{\n{rows}}}\n")
    assert read_folder(folder, IBUG68).weights is None
    indices.write_index(other, [indices.Row("deep/own", "s", "t", 1, np.full(68, 0.25))])
    faces = read_folder([folder, other], IBUG68, ["drawn/face_1", "deep/own"])
    assert faces.weights is not None
    assert (faces.weights[0] == 1).all()
    assert (faces.weights[1] == 0.25).all()
    assert len(read_folder([folder, other], IBUG68)) == 5


def test_a_folder_stands_for_all_its_faces(tmp_path):
    folder = write_folder(tmp_path / "one", 4)
    faces = read_folder(folder, IBUG68, ["drawn/"])
    assert faces.names == [f"drawn/face_{i}" for i in range(4)]
    with pytest.raises(FileNotFoundError, match="below other/"):
        read_folder(folder, IBUG68, ["other/"])


def test_an_index_of_another_scheme_is_refused(tmp_path):
    folder = write_folder(tmp_path / "one", 2)
    indices.write_index(folder, [indices.Row("drawn/face_0", "s", "t", 1, np.ones(19))])
    with pytest.raises(ValueError, match="19 weights in its index"):
        read_folder(folder, IBUG68)
