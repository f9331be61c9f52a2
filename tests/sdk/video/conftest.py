"""Trackers of the tests."""

import pytest

from lapland import Tracker


@pytest.fixture
def tracker(detector):
    """One that gives the same result every time."""
    return Tracker(detector, smoothing="off", background=False)
