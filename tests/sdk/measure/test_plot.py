"""The plot of speed against accuracy."""

import sys

import cv2
import numpy as np
import pytest

from lapland import MissingExtraError
from lapland.measure import plot
from tests.sdk.measure.reports import REPORT


def test_a_picture_with_dots():
    pytest.importorskip("matplotlib")
    drawn = cv2.imdecode(np.frombuffer(plot.draw(REPORT), np.uint8), cv2.IMREAD_COLOR)
    assert drawn.shape[0] > 300
    colourful = (np.ptp(drawn.astype(int), axis=2) > 40).sum()
    assert colourful > 30  # the green dot of int8


def test_without_matplotlib(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)  # as if it were not installed
    with pytest.raises(MissingExtraError, match=r"pip install 'lapland\[plot\]'"):
        plot.check_installed()
    with pytest.raises(MissingExtraError):
        plot.draw(REPORT)
