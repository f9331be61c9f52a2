import re

import cv2
import numpy as np
import pytest
import torch

from export.cards import failures
from export.cards.failures_picture import BAR, CELL, COLUMNS, LARGEST, draw_limits
from lapland.networks import index
from tests.drawn_faces import write_folder, write_list
from training.data import detected
from training.evaluation import figures as figures_module
from training.evaluation.corruptions import CARD_CORRUPTIONS
from training.network.rcn import RCN
from training.recipes.checkpoint import save_weights
from training.recipes.recipe import PRODUCT, override

NAMES = [how.name for how in CARD_CORRUPTIONS]
DRAWN = {"as it is": "scale 1%", "fog": "not found, off 2%"}
MODEL = index.path("rcn-1-16")


@pytest.fixture(autouse=True)
def _own_cache(tmp_path, monkeypatch):
    monkeypatch.setattr(detected, "CACHE", tmp_path / "cache")


def test_figures_of_crops_as_they_are_equal_those_of_the_evaluation(tmp_path):
    data = write_folder(tmp_path / "faces", 12)
    found = failures.measure(MODEL, data, "train")
    report = figures_module.evaluate_file(MODEL, data, data / "splits/train.txt")["mtcnn"]
    clean = found["degraded"][failures.CLEAN]
    assert found["step"] == 1
    assert clean["faces"] == 9
    for key, tolerance in (("nmse", 0.02), ("mean_scale", 0.02), ("mean_scale_px", 0.02)):
        assert clean[key] == pytest.approx(report[key], rel=tolerance)
    assert list(found["degraded"]) == [failures.CLEAN, *NAMES]
    assert all(found["degraded"][name]["nmse"] != clean["nmse"] for name in NAMES)
    assert found["yaw"] < 25  # drawn as flat faces, with a nose that lies within a little
    # Without split files every photo is taken.
    assert failures.measure(MODEL, data, "all")["degraded"][failures.CLEAN]["faces"] == 12


def test_of_many_faces_some_are_taken(tmp_path, monkeypatch):
    data = write_folder(tmp_path / "faces", 7)
    monkeypatch.setattr(failures, "MOST", 3)
    found = failures.measure(MODEL, data, "all")
    assert found["step"] == 3
    assert {figures["faces"] for figures in found["degraded"].values()} == {3}


def test_a_scheme_whose_faces_hide_landmarks_is_measured(tmp_path):
    data = write_list(tmp_path / "faces", 6)
    torch.manual_seed(0)
    recipe = override(PRODUCT, ["scheme=aflw19", "width=1/16"])
    save_weights(tmp_path / "a.safetensors", RCN("1/16", 19).state_dict(), recipe, {})
    found = failures.measure(tmp_path / "a.safetensors", data, "train")
    assert found["yaw"] is None
    assert all(np.isfinite(f["nmse"]) for f in found["degraded"].values())


def _figures(nmse, scale):
    rest = {"faces": 30, "failure_rate_8": 1.0, "scale_error_correlation": 0.4}
    return {"nmse": nmse, "mean_scale": scale, **rest}


def _section(**changes):
    report = _figures(4.0, 3.0) | {"strata": {}}
    degraded = {failures.CLEAN: _figures(4.0, 3.0), "fog": _figures(12.0, 6.0)}
    degraded |= {"rain": _figures(6.0, 2.9), "snow": _figures(5.0, 4.0)}
    measured = {"step": 4, "yaw": None, "degraded": degraded} | changes
    text = failures.section("limits.jpg", DRAWN, "the distance", "val", report, measured)
    return " ".join(text.split())


def test_section_says_what_its_figures_say():
    text = _section()
    assert "![as it is: scale 1%; fog: not found, off 2%](limits.jpg)" in text
    assert "| all of `val` | 30 | 4.00 | 1.0 | 3.00 | 0.40 |" in text
    assert "grows most with fog, 3.0 times; rain, 1.5 times; least with snow, 1.2 times." in text
    assert "grows with 2 of the 3 changes" in text
    assert "least of rain: the error is 1.5 times and the mean scale 1.0 times" in text
    assert "Corrupted photos, one in 4: the corruption" in text
    assert "yaw" not in text.lower()


def test_section_tells_of_profiles_only_what_was_measured():
    assert "largest yaw is some 43°; no profile is among them" in _section(yaw=43.2)
    assert "largest yaw is some 80°." in _section(yaw=80.0)
    without = failures.section("limits.jpg", DRAWN, "the distance", "val", {}, None)
    assert "Not measured" in without
    assert "|" not in without


def test_picture_shows_every_change_and_is_small(tmp_path):
    path = tmp_path / "limits.jpg"
    drawn = draw_limits(MODEL, path)
    assert set(NAMES) < set(drawn)
    assert float(re.fullmatch(r"off ([\d.]+)%, scale [\d.]+%", drawn["face of 30 px"])[1]) < 5
    assert path.stat().st_size <= LARGEST
    picture = cv2.imread(str(path))
    rows = -(-len(drawn) // COLUMNS)
    assert picture.shape == (rows * (CELL + BAR), COLUMNS * CELL, 3)
    cells = [
        picture[y : y + CELL, x : x + CELL].astype(int)
        for y in range(0, picture.shape[0], CELL + BAR)
        for x in range(0, picture.shape[1], CELL)
    ]
    for i, cell in enumerate(cells):
        assert all(np.abs(cell - other).mean() > 2 for other in cells[:i])


def test_picture_needs_a_face(tmp_path):
    empty = tmp_path / "grey.png"
    cv2.imwrite(str(empty), np.full((100, 100, 3), 128, np.uint8))
    with pytest.raises(ValueError, match=r"grey\.png: expected a photo of a face"):
        draw_limits(MODEL, tmp_path / "limits.jpg", photo=empty)
    assert not (tmp_path / "limits.jpg").exists()
