"""Head pose beside others: what is counted, and that each time is that of a whole pose."""

import json

import numpy as np
import pytest

from benchmarks import head_pose
from benchmarks.common import results
from benchmarks.reports import poses
from lapland.answers import pose
from lapland.answers.rotations import rotations_of

ANGLES = np.array([[5.0, -4.0, 3.0], [-40.0, 10.0, -20.0]])


def test_errors_are_sorted_by_true_yaw():
    found = ANGLES + np.array([[1, 2, 3], [-3, 0, 355]])
    rows = head_pose.figures(np.vstack([found, [[np.nan] * 3]]), np.vstack([ANGLES, [[0, 0, 0]]]))
    assert rows["without"] == 1
    assert rows["errors"]["0-15"] == {"faces": 1, "yaw": 1, "pitch": 2, "roll": 3}
    assert rows["errors"]["30-45"] == {"faces": 1, "yaw": 3, "pitch": 0, "roll": 5}
    assert rows["errors"]["0-60"]["yaw"] == 2
    assert rows["errors"]["60-90"]["yaw"] is None


def test_shares_within_the_intervals():
    truth = np.tile(ANGLES[:1], (20, 1))
    found = truth + np.linspace(0.5, 10, 20)[:, None]
    rows = head_pose.coverage(found, {p: np.full((20, 3), 20 * p) for p in (0.25, 0.9)}, truth)
    assert rows["true yaw below 60"]["0.25"] == [0.5] * 3
    assert rows["all"]["0.9"] == [1.0] * 3
    assert "found yaw 60-90" not in rows


def test_angles_of_a_mesh_are_those_that_turn_the_mean_one():
    mean = np.random.default_rng(0).normal(size=(30, 3))
    axes = np.array([1.0, -1.0, -1.0])
    turned = (mean * axes) @ rotations_of(ANGLES).transpose(0, 2, 1) * axes
    meshes = np.concatenate([3 * turned + 50, np.full((1, 30, 3), np.nan)])
    found = head_pose.mesh_angles(meshes, mean)
    np.testing.assert_allclose(found[:2], ANGLES, atol=1e-6)
    assert np.isnan(found[2]).all()


def test_each_call_fits_faces_that_nobody_asked(faces, monkeypatch):
    fits, head_poses = [], pose.head_poses
    monkeypatch.setattr(pose, "head_poses", lambda *a: fits.append(len(a[0])) or head_poses(*a))
    times = head_pose.pose_times(faces, repeats=7)
    assert sorted(fits)[:-15] == [1] * 8  # and one before
    assert sorted(fits)[-15:] == [256] * 15
    assert times["single pose"]["repeats"] == 7
    for row in times.values():
        assert 0 < row["min"] <= row["median"]


def test_without_data_the_command_measures_times(tmp_path, monkeypatch):
    monkeypatch.setattr(head_pose, "REPEATS", 3)
    head_pose.main(["--json", str(tmp_path / "a.json")])
    report = results.read(tmp_path / "a.json")
    assert report["ms"]["single pose"]["repeats"] == 3
    assert "errors" not in json.dumps(report)


def test_data_needs_level_faces(tmp_path, capsys):
    with pytest.raises(SystemExit):
        head_pose.main(["--data", str(tmp_path)])
    assert "--data and --level together" in capsys.readouterr().err


@pytest.fixture
def faces(detector, image):
    return detector.predict(image)


def test_the_table_has_a_row_for_each_method_that_was_measured():
    report = results.read(results.FOLDER / "head-pose.json")
    table = poses.errors(report)
    below = report["lapland"]["errors"]["0-60"]["yaw"]
    (row,) = (line for line in table.splitlines() if line.startswith("| lapland |"))
    assert f"| {below:.1f} |" in row
    assert "MediaPipe" in table
    del report["MediaPipe's mesh"]
    assert "MediaPipe" not in poses.errors(report)
    one = report["ms"]["single pose"]
    assert f"{one['min']:.3f} ms" in poses.times(report)
    assert f"{one['median']:.3f} in the median" in poses.times(report)
