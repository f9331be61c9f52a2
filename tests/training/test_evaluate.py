import numpy as np
import pytest

from lapland.schemes.ibug68 import IBUG68
from tests.drawn_faces import draw_face, mean_shape
from training.data.crops import CropSpec
from training.data.faces import AnnotatedFaces, five_from_landmarks, origin
from training.evaluate import table
from training.evaluation import strata
from training.evaluation.figures import evaluate

COMMON = ["helen/testset/1", "lfpw/testset/2"]


def report(names):
    rng = np.random.default_rng(0)
    images, landmarks = zip(*(draw_face(rng) for _ in names), strict=True)
    faces = AnnotatedFaces.from_landmarks(names, images, np.stack(landmarks), IBUG68)
    faces.detected = faces.labelled.copy()
    faces.detected[0] = np.nan  # missed

    def middle(crops):
        return np.full((len(crops), 68, 2), 39.5), np.linspace(1, 2, 68)[None].repeat(len(crops), 0)

    return evaluate(middle, CropSpec(), faces, IBUG68)


def test_subsets_are_reported_only_when_all_their_folders_are_there():
    assert set(report(COMMON)["mtcnn"]["subsets"]) == {"common"}
    assert report(COMMON[:1])["mtcnn"]["subsets"] == {}
    whole = report([*COMMON, "ibug/3", "afw/4"])["labels"]["subsets"]
    assert {name: figures["faces"] for name, figures in whole.items()} == {
        "common": 2,
        "challenge": 1,
        "full": 3,
    }


def test_missed_faces_are_counted_and_the_table_tells_it():
    found = report(COMMON)
    assert found["missed_by_mtcnn"] == 1
    assert table(found).startswith("2 faces, 1 missed by MTCNN")


def test_strata_are_reported_with_the_figures_of_their_faces(monkeypatch):
    monkeypatch.setattr(strata, "FEWEST", 1)
    monkeypatch.setattr(strata, "SIZES", (50, 55))
    found = report([f"helen/testset/{i}" for i in range(8)])
    parts = found["labels"]["strata"]
    assert len(parts) > 1
    assert sum(figures["faces"] for figures in parts.values()) == 8
    nmse = sum(figures["faces"] * figures["nmse"] for figures in parts.values()) / 8
    assert nmse == pytest.approx(found["labels"]["nmse"])
    # Scales of 1 to 2 pixels of a crop that is three times as wide as the five points.
    five = five_from_landmarks(mean_shape()[None], IBUG68)[0]
    d = np.linalg.norm(np.subtract(*mean_shape()[list(IBUG68.eye_corners)]))
    expected = 100 * 1.5 * 3 * np.ptp(five, axis=0).max() / 80 / d
    for figures in parts.values():
        assert figures["mean_scale"] == pytest.approx(expected, rel=0.03)
    assert "d below 50 px" in table(found)


def test_photos_of_300w_are_known_by_their_folders():
    assert origin([*COMMON, "afw/1"]) == "300w"
    assert origin([*COMMON, "mine/1"]) == "own"
