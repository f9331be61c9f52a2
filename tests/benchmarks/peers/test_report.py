"""The whole command on one photo with ours alone, and the tables and the plot of what it wrote."""

import shutil

import cv2
import numpy as np
import pytest

import lapland
from benchmarks.common import machine, results
from benchmarks.peers import __main__ as command
from benchmarks.peers import report


@pytest.fixture(scope="module")
def measured(tmp_path_factory):
    """A folder like 300-W's of one photo, annotated by ours, and what was measured on it."""
    data = tmp_path_factory.mktemp("data")
    (data / "splits").mkdir()
    (data / "splits" / "common.txt").write_text("photo\n")
    shutil.copy(machine.PHOTO, data / "photo.png")
    lapland.Detector(threads=1).predict(machine.PHOTO)[0].save_pts(data / "photo.pts")
    path = data / "results" / "peers.json"
    given = ["run", "--data", str(data), "--json", str(path), "--peers", "lapland", "dlib"]
    given += ["--rows", "lapland", "lapland, 300-W 1/4-lite"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LAPLAND_PEERS", str(data / "nothing"))
        patch.setattr(machine, "keep_to_one_core", lambda: False)
        command.main([*given, "--accuracy-only"])
        first = results.read(path)
        command.main([*given, "--times-only", "--rounds", "1", "--starts", "1"])
    return first, results.read(path)


def test_each_part_is_kept_beside_the_other(measured):
    first, both = measured
    assert "times" not in first
    assert both["accuracy"] == first["accuracy"]
    assert both["header"] == both["times"]["header"]
    assert both["times"]["photos"] == both["accuracy"]["faces"] == 1


def test_errors_and_times_are_there_for_ours(measured):
    _, both = measured
    row = both["accuracy"]["rows"]["lapland"]
    assert row["predict"]["nmse"] < 0.01  # it annotated the photo itself
    assert 0 < row["landmarks"]["nmse"] < 2  # from MTCNN's five points
    assert 0.1 < both["accuracy"]["rows"]["lapland, 300-W 1/4-lite"]["predict"]["nmse"] < 8
    assert row["detect"] == {"recall_percent": 100.0, "extra_boxes": 0}
    times = both["times"]["rows"]["lapland"]
    assert times["predict"]["median"] > 0
    assert 0.1 < times["model_mb"] < 0.2
    assert times["install_mb"] is None  # this interpreter has more than its packages


def test_what_was_skipped_is_said_with_its_reason(measured):
    _, both = measured
    text = report.skipped(both)
    assert "- dlib: not installed: python -m benchmarks.peers install dlib." in text
    assert "insightface: its wheel holds no weights" in text


def test_tables_have_a_line_for_each_row(measured):
    _, both = measured
    rows = both["times"]["rows"]
    for table in (report.speed(both), report.accuracy(both), report.short(both)):
        lines = [line for line in table.splitlines() if line.startswith("| lapland")]
        assert len(lines) == len(rows)
        assert len({line.count("|") for line in lines}) == 1
        assert both["header"]["cpu"] in table
    shown = f"{rows['lapland']['predict']['median']:.2f} ("
    assert shown in report.speed(both)
    assert "†" not in report.accuracy(both)


def test_rows_that_saw_the_test_faces_are_marked(measured):
    _, both = measured
    part = both["accuracy"]
    other = {**both, "accuracy": part | {"rows": {"dlib": part["rows"]["lapland"]}}}
    assert "| dlib † |" in report.accuracy(other)
    assert "† Very likely trained" in report.accuracy(other)


def test_nothing_measured_is_said():
    assert report.speed({}) == report.accuracy({}) == "Not measured yet."


def test_the_plot_is_a_picture_of_what_has_times_and_errors(measured):
    first, both = measured
    picture = cv2.imdecode(np.frombuffer(report.draw(both), np.uint8), cv2.IMREAD_COLOR)
    assert picture.std() > 10
    assert "peers.png" in report.accuracy(both)
    assert "peers.png" not in report.short(both)
    assert report.draw(first) is None


def test_a_foreign_file_of_results_is_refused(tmp_path):
    path = tmp_path / "peers.json"
    path.write_text("{}")
    with pytest.raises(SystemExit, match="expected a file that a benchmark wrote"):
        command.main(["run", "--peers", "lapland", "--json", str(path)])
    assert path.read_text() == "{}"
