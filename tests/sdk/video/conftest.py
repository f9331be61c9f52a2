"""Trackers of the tests, and what they are made of."""

import pytest

from lapland import Tracker
from lapland.networks.info import UNSURE
from lapland.video.networks import Networks
from tests.videos import video


@pytest.fixture
def tracker(detector):
    """One that gives the same result every time."""
    return Tracker(detector, smoothing="off", background=False)


@pytest.fixture(scope="module")
def frame():
    return video("still", 1)[0].image


@pytest.fixture
def networks(detector):
    return Networks(detector, UNSURE)
