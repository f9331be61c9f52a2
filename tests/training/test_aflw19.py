"""Faces of 68 points and a yaw become a list in AFLW's form, which training reads."""

import numpy as np
import pytest

from lapland.schemes.aflw19 import AFLW19
from tests.drawn_faces import to_aflw19, write_folder
from training import aflw19
from training.data.pts import read_pts
from training.data.readers import read_faces

YAWS = (3, -20, 40, -70, 70, 0, 1, 2)


@pytest.fixture
def folder(tmp_path):
    root = write_folder(tmp_path, len(YAWS)) / "drawn"
    rows = "".join(f"face_{i},{yaw}\n" for i, yaw in enumerate(YAWS))
    (root / "index.csv").write_text("name,yaw\n" + rows)
    (tmp_path / "test.txt").write_text("drawn/face_3\ndrawn/face_4\n")
    return root


def convert(folder, test="test.txt"):
    out = folder.parent / "out"
    aflw19.main([str(folder), "--test", str(folder.parent / test), "--out", str(out)])
    return out


def test_every_face_is_in_one_list_and_those_to_measure_on_in_test(folder, capsys):
    out = convert(folder)
    names = {
        split: list(read_faces(out, AFLW19, out / f"splits/{split}.txt").names)
        for split in ("train", "test")
    }
    assert sorted(names["test"]) == ["annotation/face_3", "annotation/face_4"]
    val = (out / "splits/val.txt").read_text().split("\n")[:-1]
    assert len(names["train"]) + len(val) == 6
    assert "8 faces of 19 points" in capsys.readouterr().out


def test_points_box_and_length_are_those_of_the_face(folder):
    out = convert(folder)
    faces = read_faces(out, AFLW19, out / "splits/test.txt")
    for i, name in enumerate(("face_3", "face_4")):
        whole = read_pts(folder / f"{name}.pts")
        seen = np.isfinite(faces.landmarks[i]).all(axis=1)
        np.testing.assert_allclose(faces.landmarks[i][seen], to_aflw19(whole)[seen], atol=0.01)
        corners = [*whole.min(axis=0), *whole.max(axis=0)]
        np.testing.assert_allclose(faces.boxes[i], corners, atol=0.01)
        assert faces.sizes[i] == pytest.approx(np.sqrt(np.ptp(whole, axis=0).prod()), abs=0.01)


@pytest.mark.parametrize(
    ("yaw", "hidden"),
    [
        (0, set()),
        (30, set()),
        (36, {0}),
        (-36, {5}),
        (58, {0, 1, 6, 7, 12}),
        (80, {0, 1, 2, 6, 7, 8, 12, 15}),
        (-80, {5, 4, 3, 11, 10, 9, 14, 17}),
    ],
)
def test_the_side_that_a_head_turns_away_is_hidden(yaw, hidden):
    points = aflw19.points_of(np.arange(136.0).reshape(68, 2), yaw)
    assert set(np.flatnonzero(np.isnan(points).any(axis=1))) == hidden


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda root: (root.parent / "test.txt").write_text("face_9\n"), "has no face 'face_9'"),
        (lambda root: (root / "face_2.png").unlink(), "face_2: there is no photo"),
        (lambda root: (root / "index.csv").unlink(), "index.csv"),
        (lambda root: (root / "face_1.pts").write_text("{\n1 2\n}\n"), "expected 68 points"),
    ],
)
def test_what_is_missing_is_named(folder, damage, message):
    damage(folder)
    with pytest.raises(SystemExit, match=message):
        convert(folder)
