"""The photos, the counting and a short run of the benchmark of detection."""

import json
import re
import sys

import cv2
import numpy as np
import pytest

from benchmarks import detection, machine


@pytest.mark.parametrize("shape", [(1000, 700), (480, 640), (200, 900), (97, 60)])
def test_the_window_shows_the_face_where_its_box_says(shape):
    image = np.zeros((*shape, 3), np.uint8)
    box = np.array([shape[1] * 0.3, shape[0] * 0.4, shape[1] * 0.5, shape[0] * 0.5]).round()
    left, top, right, bottom = box.astype(int)
    image[top : bottom + 1, left : right + 1] = 255
    window, face = detection.window(image, box)
    assert window.shape == (480, 640, 3)
    rows, columns = np.nonzero(window[..., 0] > 127)
    scale = max(640 / shape[1], 480 / shape[0])
    shown = np.array([columns.min(), rows.min(), columns.max(), rows.max()])
    np.testing.assert_allclose(shown, face.clip(0, [639, 479, 639, 479]), atol=scale / 2 + 1)


def test_found_and_extra():
    face = np.array([100.0, 100, 200, 200])
    assert detection.found_and_extra([], face) == (0, 0)
    assert detection.found_and_extra([[90, 90, 210, 210]], face) == (1, 0)
    assert detection.found_and_extra([[90, 90, 210, 210], [300, 0, 400, 100]], face) == (1, 1)
    assert detection.found_and_extra([[180, 180, 280, 280]], face) == (0, 1)


def test_a_folder_is_read_as_its_split_says(tmp_path, image):
    (tmp_path / "splits").mkdir()
    (tmp_path / "splits" / "some.txt").write_text("a\nb\nc\n")
    for name in "abc":
        cv2.imwrite(str(tmp_path / f"{name}.png"), image)
        (tmp_path / f"{name}.pts").write_text("version: 1\nn_points: 2\n{\n182 83\n267 172\n}\n")
    images, faces = detection.read_photos(tmp_path, "some", 2)
    assert images.shape == (2, 480, 640, 3)
    alone, face = detection.read_photos(None, "common", None)
    np.testing.assert_array_equal(images[0], alone[0])
    np.testing.assert_allclose(faces, np.repeat(face, 2, axis=0))


def test_the_run_reports_ours_and_why_a_rival_is_left_out(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(machine, "keep_to_one_core", lambda: False)
    record = tmp_path / "figures.json"
    detection.main(
        [
            *("--rounds", "2", "--json", str(record)),
            *("--python-mtcnn", str(tmp_path / "nowhere"), "--python-facenet", sys.executable),
        ]
    )
    shown = capsys.readouterr().out
    assert "lapland-predict" in shown
    figures = json.loads(record.read_text(encoding="utf-8"))
    ours = figures["detectors"]
    assert ours["lapland-detect"]["recall_percent"] == 100
    assert ours["lapland-detect"]["median"] > 0
    assert "mtcnn" in figures["skipped"]
    assert re.search("^mtcnn: skipped, .*nowhere", shown, re.MULTILINE)
    assert "nowhere" not in record.read_text(encoding="utf-8")  # a path is nobody else's business


def test_missing_data_are_named(tmp_path):
    with pytest.raises(SystemExit, match="common"):
        detection.main(["--data", str(tmp_path)])


def test_summary_is_median_and_95th_percentile():
    assert machine.summary(list(range(101))) == {"median": 50.0, "p95": 95.0}
