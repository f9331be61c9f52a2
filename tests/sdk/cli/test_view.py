"""The picture of `lapland webcam`, and its keys."""

from dataclasses import replace

import numpy as np

from lapland.cli.view import Settings, View
from lapland.networks import index
from lapland.options import DetectorOptions
from tests.videos import video

QUICK = DetectorOptions(threads=1)


def test_keys(monkeypatch):
    view = View(Settings(window=True, detector=QUICK), live=False)
    image = video("still", 1)[0].image
    plain = view.next(image, 0.0)
    assert view.obeys(-1)
    assert view.obeys(ord("x"))
    first, there = view.settings.detector.width, index.widths(view.settings.detector.precision)
    widths = []
    for _ in there:
        assert view.obeys(ord("w"))
        widths.append(view.settings.detector.width)
    assert sorted(widths) == sorted(there)
    assert widths[-1] == first
    for smoothing in ("strong", "off", "light"):
        assert view.obeys(ord("s"))
        assert view.settings.smoothing == smoothing
    pictures = []
    for _ in range(4):
        assert view.obeys(ord("d"))
        pictures.append(view.next(image, 0.0))
    boxes, circles, nothing, landmarks = pictures
    assert np.abs(nothing[100:400].astype(int) - image[100:400]).max() == 0
    assert np.abs(boxes.astype(int) - landmarks).max() > 50
    assert np.abs(circles.astype(int) - landmarks).max() > 50
    assert np.abs(circles.astype(int) - boxes).max() > 50
    assert view.obeys(ord("h"))
    without = view.next(image, 0.0)
    assert np.abs(without[455:].astype(int) - plain[455:]).max() > 100
    assert not view.obeys(ord("q"))
    assert not view.obeys(27)
    view.close()
    model = index.path_of("1/16", "float32", "300w")
    view = View(Settings(detector=replace(QUICK, model=model)), live=False)
    assert view.obeys(ord("w"))  # a model of one's own stays
    assert view.settings.detector.width is None
