"""The measurement of detectors, on drawn and shown photos."""

import cv2
import numpy as np
import pytest

from benchmarks import detection
from benchmarks.common.face_scenes import Face
from lapland import Detector
from lapland.detection.registry import load_detector


@pytest.fixture(scope="module")
def detectors():
    return {name: load_detector(name, threads=1) for name in ("blazeface", "mtcnn")}


@pytest.fixture(scope="module")
def face(image):
    return Face(image, Detector(threads=1).predict(image).landmarks[0].astype(float))


@pytest.fixture(scope="module")
def photos():
    grey = np.full((600, 800, 3), 120, np.uint8)
    return [cv2.circle(grey, (400, 300), 90, (90, 140, 60), -1)]


def test_faces_found_in_their_photos(detectors, face):
    blank = Face(np.full((200, 200, 3), 90, np.uint8), None)
    figures = detection.measure_sets(detectors, {"some": [face, blank]})
    assert figures["some"] == {
        "faces": 2,
        "blazeface": {"missed": 1, "more": 0},
        "mtcnn": {"missed": 1, "more": 0},
    }


def test_sizes_and_photos_without(detectors, face, photos, monkeypatch):
    monkeypatch.setattr(detection, "SIZES", (8, 120))
    sizes = detection.measure_sizes({"blazeface": detectors["blazeface"]}, [face], photos)
    assert sizes["120"] == {"faces": 1, "blazeface": 0}
    assert sizes["8"] == {"faces": 1, "blazeface": 1}
    assert detection.measure_false(detectors, photos, 2) == {"views": 2, "blazeface": 0, "mtcnn": 0}


def test_points_and_turned_faces(detectors, face, monkeypatch):
    figures = detection.measure_points(detectors, Detector(threads=1), {"some": [face]})
    assert figures["some"]["faces"] == 1
    assert figures["some"]["error"]["blazeface"] < 0.05  # the truth is its own landmarks
    assert 0 < figures["some"]["error"]["mtcnn"] < 3
    assert 0 < figures["some"]["jitter"]["blazeface"] < 3
    monkeypatch.setattr(detection, "TURNED_SIZES", (150,))
    turned = detection.measure_turned({"blazeface": Detector(threads=1)}, [face], 90)
    assert turned["150 px, 0"]["blazeface"] == {"right": 1}


def test_times_of_a_detector(detectors, face, photos, monkeypatch):
    monkeypatch.setattr(detection, "WIDTHS", (160,))
    monkeypatch.setattr(detection, "COUNTS", (1, 2))
    some = {"blazeface": detectors["blazeface"]}
    figures = detection.measure_times(some, [face], photos, 1)
    assert figures["px"].keys() == {"80", "160"}
    assert figures["width"].keys() == {"160"}
    assert all(row["blazeface"] > 0 for rows in figures.values() for row in rows.values())
