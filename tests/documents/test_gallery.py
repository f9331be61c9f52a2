"""The pictures of docs/gallery.md are those that its command draws."""

import runpy

import cv2
import numpy as np

from tests.documents.blocks import ROOT


def test_the_gallery_is_what_the_command_draws(tmp_path):
    made = runpy.run_path(str(ROOT / "examples/gallery.py"))
    made["main"](tmp_path)
    for name in ("gallery-photos.jpg", "gallery-hard.jpg", "points.jpg"):
        drawn, shown = (cv2.imread(str(path / name)) for path in (tmp_path, ROOT / "docs"))
        assert drawn.shape == shown.shape
        # Landmarks of other processors move by fractions of a pixel, and circles with them.
        assert np.abs(drawn.astype(float) - shown).mean() < 4


def test_hard_faces_are_less_sure():
    made = runpy.run_path(str(ROOT / "examples/gallery.py"))
    detector = made["Detector"](min_face=20, threads=1)
    clean, *_ = (image for _, image in made["conditions"]())
    turned = dict(made["photos"]())["turned away"]
    assert detector.predict(clean).confidence[0] > 0.9
    assert detector.predict(turned).confidence[0] < 0.5
