"""Newcomers: each is admitted or refused by itself, whatever came of those before it."""

import numpy as np
import pytest

from lapland.video.clock import Clock
from lapland.video.follower import Follower
from lapland.video.roster import Roster
from lapland.video.search import Searcher
from lapland.video.track import Track
from lapland.video.tracker import UNSURE
from tests.drawn_dots import five_points
from tests.videos import two_faces

EMPTY = five_points(np.array([60.0, 60.0]))  # a place of the frame without a face


@pytest.mark.parametrize("first", ["no face", "one that is followed"])
def test_a_newcomer_that_is_refused_keeps_no_other_out(detector, first):
    frame, follower = two_faces(), Follower(detector, UNSURE)
    one, other = detector.predict(frame).five_points.astype(float)
    searcher = Searcher(1.0, False)
    searcher.use(detector.networks.faces)
    roster, step = Roster(searcher, 5.0), Clock().tick(0.0)
    roster.use(follower, None)

    def admit(*places):
        newcomers = [Track(place, score=0.9, detected=True) for place in places]
        follower.advance(frame, newcomers, step)
        roster.admit(frame, step, newcomers)
        return [track.five_points.mean(axis=0) for track in roster.tracks]

    assert len(admit(one)) == 1
    places = admit(EMPTY if first == "no face" else one, other)
    assert len(places) == 2
    np.testing.assert_allclose(places[1], other.mean(axis=0), atol=5)
