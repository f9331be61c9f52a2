"""Newcomers: each is admitted or refused by itself, whatever came of those before it."""

import numpy as np
import pytest

from lapland.networks.info import UNSURE
from lapland.video.clock import Clock, Frame
from lapland.video.networks import Networks
from lapland.video.roster import Roster
from lapland.video.track import Track
from tests.drawn_dots import five_points
from tests.videos import two_faces

EMPTY = five_points(np.array([60.0, 60.0]))  # a place of the frame without a face


@pytest.mark.parametrize("first", ["no face", "one that is followed"])
def test_a_newcomer_that_is_refused_keeps_no_other_out(detector, first):
    image, roster = two_faces(), Roster(5.0)
    one, other = detector.predict(image).five_points.astype(float)
    frame = Frame(image, Clock().tick(0.0), False)
    roster.use(Networks(detector, UNSURE), None)

    def admit(*places):
        newcomers = [Track(place, score=0.9, detected=True) for place in places]
        roster.follow(frame, newcomers)
        roster.admit(frame, newcomers)
        return [track.five_points.mean(axis=0) for track in roster.tracks]

    assert len(admit(one)) == 1
    places = admit(EMPTY if first == "no face" else one, other)
    assert len(places) == 2
    np.testing.assert_allclose(places[1], other.mean(axis=0), atol=5)
