"""Faces as files and plain numbers."""

import json

import numpy as np
import pytest

from lapland import Faces
from tests.three_faces import arrays
from training.data.pts import read_pts


def test_every_face_gets_a_pts_file(faces, tmp_path):
    paths = faces.save_pts(tmp_path / "photo.pts")
    assert [path.name for path in paths] == [f"photo_{n + 1}.pts" for n in range(len(faces))]
    for path, landmarks in zip(paths, faces.landmarks, strict=True):
        np.testing.assert_allclose(read_pts(path), landmarks, atol=6e-4)
    assert faces[:1].save_pts(tmp_path / "one.pts") == [tmp_path / "one.pts"]
    assert faces[:0].save_pts(tmp_path / "none.pts") == []
    assert not (tmp_path / "none.pts").exists()


def test_pts_files_keep_the_suffix_that_was_asked_for(faces, tmp_path):
    paths = faces[:2].save_pts(tmp_path / "a.txt")
    assert [path.name for path in paths] == ["a_1.txt", "a_2.txt"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a_1.txt", "a_2.txt"]
    assert [path.name for path in faces[:2].save_pts(tmp_path / "plain")] == ["plain_1", "plain_2"]


def test_json_round_trip(faces):
    line = faces.to_json()
    assert "\n" not in line
    data = json.loads(line)
    assert data == faces.to_dict()
    assert data["scheme"] == "ibug68"
    assert len(data["faces"]) == 3
    for row, face in zip(data["faces"], faces, strict=True):
        assert set(row) == {"box", "score", "five_points", "landmarks", "scales"}
        np.testing.assert_allclose(row["landmarks"], face.landmarks, atol=6e-4)
        np.testing.assert_allclose(row["box"], face.box, atol=6e-4)
        np.testing.assert_allclose(row["scales"], face.scales, atol=6e-4)
        assert row["score"] == pytest.approx(face.score, abs=6e-5)
        assert row == face.to_dict()
    assert len(line) < 3 * 68 * 40  # thousandths, not the digits of a float32


@pytest.fixture
def tracked():
    return Faces(**arrays(), ids=[7, 2, 9])


def test_ids_are_written(tracked):
    rows = json.loads(tracked.to_json())["faces"]
    assert [row["id"] for row in rows] == [7, 2, 9]
    assert next(iter(rows[0])) == "id"
