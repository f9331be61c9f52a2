"""Errors by yaw, of a shipped model on drawn faces whose yaw an index states."""

import json
from pathlib import Path

import numpy as np
import pytest

from tests.drawn_faces import write_folder
from training import turned
from training.data.indices import far_side


@pytest.fixture
def folder(tmp_path):
    root = write_folder(tmp_path / "photos", 4)
    rows = "".join(f"face_{i},{yaw}\n" for i, yaw in enumerate((3, -20, 40, 70)))
    (root / "index.csv").write_text("name,yaw\n" + rows)
    return root


def test_each_bin_has_a_row(folder, tmp_path, capsys):
    file = tmp_path / "rows.json"
    turned.main(["rcn-1-16-int8", "--data", str(folder), "--json", str(file)])
    rows = json.loads(file.read_text())["rcn-1-16-int8"]
    assert [(row["from"], row["to"]) for row in rows] == [(0, 15), (15, 30), (30, 45), (60, 90)]
    assert all(row["faces"] == 1 and 0 < row["all"] < 60 for row in rows)
    assert rows[0]["all"] == rows[0]["seen"]  # a frontal face has no far side
    assert rows[2]["all"] != rows[2]["seen"]
    assert "4 faces" in capsys.readouterr().out


def test_the_far_side_does_not_count(folder, monkeypatch):
    errors = np.full((2, 68), 2.0)
    errors[0, far_side(40.0)] = 50.0
    errors[1, far_side(-40.0)] = 50.0
    faces = turned.read_faces(folder, turned.IBUG68).every(2)
    found = {"errors": errors}
    monkeypatch.setattr(turned, "landmark_errors", lambda *_: found)
    (row,) = turned.rows_of(Path("rcn-1-16-int8"), faces, np.array([40.0, -40.0]))
    assert row["seen"] == pytest.approx(2.0)
    assert row["all"] == pytest.approx(2 + 48 * 19 / 68)


def test_an_index_without_yaws_is_refused(folder):
    (folder / "index.csv").write_text("name,size\nface_0,3\n")
    with pytest.raises(SystemExit, match="name and yaw"):
        turned.main(["rcn-1-16-int8", "--data", str(folder)])
