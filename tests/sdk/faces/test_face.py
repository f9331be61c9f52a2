"""One face: its values, and its `.pts` file."""

import numpy as np
import pytest

from lapland import IBUG68, Face
from training.data.pts import read_pts


@pytest.mark.parametrize("index", [0, 2, -1, np.int64(1), np.uint8(1)])
def test_one_face(faces, index):
    face = faces[index]
    assert isinstance(face, Face)
    np.testing.assert_array_equal(face.box, faces.boxes[index])
    np.testing.assert_array_equal(face.landmarks, faces.landmarks[index])
    np.testing.assert_array_equal(face.five_points, faces.five_points[index])
    np.testing.assert_array_equal(face.scales, faces.scales[index])
    assert type(face.score) is float
    assert face.score == faces.scores[index]
    assert face.scheme is IBUG68


def test_pts_files_are_one_based_and_read_back(faces, tmp_path):
    path = tmp_path / "face.pts"
    faces[1].save_pts(path)
    lines = path.read_text().splitlines()
    assert lines[:3] == ["version: 1", "n_points: 68", "{"]
    assert lines[-1] == "}"
    first = np.array(lines[3].split(), float)
    np.testing.assert_allclose(first, faces.landmarks[1, 0] + 1, atol=6e-4)
    np.testing.assert_allclose(read_pts(path), faces.landmarks[1], atol=6e-4)
    faces[1].save_pts(str(path))
