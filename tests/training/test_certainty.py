"""When to trust landmarks: the threshold and what it sees, by hand and on drawn faces."""

import json
import sys

import numpy as np
import pytest

from lapland.landmarks.network import LandmarkNetwork
from lapland.networks.index import path_of
from lapland.schemes.ibug68 import IBUG68
from tests.drawn_faces import write_folder
from training import certainty
from training.certainty import AMOUNTS, doubts_and_errors, figures_of, moved, torn
from training.data.readers import read_faces

FIVE = np.array([[-20.0, -23], [20, -23], [0, 2], [-16, 23], [16, 23]]) + 100


def test_threshold_keeps_98_percent_of_the_good():
    good = np.linspace(1.0, 2.0, 101)
    bad = np.full(101, 1.99)
    bad[:25] = 3.0
    doubts = np.stack([good, bad] + [bad] * (len(AMOUNTS) - 2))
    errors = np.full(doubts.shape, 50.0)
    errors[0] = 4.0
    figures = figures_of({"doubts": doubts, "errors": errors, "nowhere": np.array([2.1, 5.0])})
    assert figures["threshold"] == pytest.approx(1.98)
    assert figures["bad_above"] == figures["bad_above_20"] == 1
    assert figures["nowhere_above"] == 1
    assert figures["nowhere_above_admitted"] == 0.5
    assert figures["amounts"][0]["trusted"] == pytest.approx(99 / 101, abs=0.011)
    assert figures["separation"] > 0.98


def test_points_move_by_the_amount():
    rng = np.random.default_rng(0)
    np.testing.assert_allclose(moved(FIVE, 0.0, rng), FIVE)
    shifts = [np.linalg.norm((moved(FIVE, 0.5, rng) - FIVE).mean(axis=0)) for _ in range(200)]
    assert 0.4 * 3 * 46 < max(shifts) <= 0.5 * 3 * 46


def test_a_torn_photo_has_its_middle_in_the_corners():
    image = np.zeros((40, 60, 3), np.uint8)
    image[15:25, 25:35] = 200
    assert torn(image)[10:30, 10:50].max() == 0
    assert torn(image).sum() == image.sum()


def test_doubt_grows_with_how_far_crops_are_off(tmp_path, monkeypatch, capsys):
    root = write_folder(tmp_path / "faces", 24)
    faces = read_faces(root, IBUG68)
    found = doubts_and_errors(LandmarkNetwork(path_of("1/8", "float32", "300w"), 1), faces)
    assert found["doubts"].shape == found["errors"].shape == (len(AMOUNTS), 24)
    medians = np.median(found["doubts"], axis=1)
    assert medians[0] < medians[-1] - 0.2
    assert np.median(found["errors"], axis=1)[-1] > 50
    out, picture = tmp_path / "out.json", tmp_path / "out.png"
    given = ["rcn-1-16", "--data", str(root), "--json", str(out), "--plot", str(picture)]
    monkeypatch.setattr(sys, "argv", ["certainty", *given])
    # Drawn faces are none to MTCNN's networks, but the landmark networks know them well enough.
    certainty.main()
    assert "unsure = " in capsys.readouterr().out
    assert json.loads(out.read_text())["faces"] == 6
    assert picture.stat().st_size > 5000
