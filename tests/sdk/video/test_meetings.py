"""Faces that come near one another: whose they are is decided by their looks alone."""

import numpy as np
import pytest

from benchmarks.videos.errors import Log
from lapland import Tracker
from lapland.video.identities import Identities
from lapland.video.matching import meetings
from lapland.video.track import Track
from tests.drawn_dots import five_points
from tests.videos import video

HERE = five_points(np.array([200.0, 150.0]))  # its square has sides of 92 px
RNG = np.random.default_rng(0)
ANN, BOB, EVE = (RNG.uniform(0, 255, (8, 8, 3)).astype(np.float32) for _ in range(3))


def known(picture, five=HERE):
    track = Track(five)
    track.remember(picture)
    return track


@pytest.mark.parametrize(
    ("aside", "way", "meet"),
    [(80, 0, True), (105, 0, False), (105, 20, True), (300, 20, False), (300, 250, True)],
)
def test_faces_meet_within_a_face_or_the_way_of_a_frame(aside, way, meet):
    now = np.stack([HERE, HERE + np.array([aside, 0])])
    before = now - np.array([[[way, 0]], [[0, 0]]])
    assert meetings(now, before) == ([(0, 1)] if meet else [])


def test_a_face_that_has_met_another_is_itself_or_the_other_or_open():
    ann, bob = known(ANN), known(BOB)
    ann.meet(bob)
    ann.meet(bob)
    assert ann.rivals == [bob]
    assert ann.is_itself(ANN) is True
    assert ann.is_itself(BOB) is False
    assert ann.is_itself(ANN / 2 + BOB / 2) is None
    assert ann.is_itself(EVE) is None  # neither
    ann.settled()
    assert ann.rivals == []


def test_it_learns_nothing_of_its_looks_until_that_is_clear():
    ann = known(ANN)
    ann.meet(known(BOB))
    ann.remember(BOB)
    assert ann.looks.likeness(BOB) < 0.5
    ann.settled()
    ann.remember(BOB)
    assert ann.looks.likeness(BOB) > 0.99


def test_who_looks_like_a_followed_face_is_none_that_was_lost():
    for followed, same in ((ANN, False), (BOB, True)):
        identities = Identities(5.0)
        lost = Track(HERE)
        identities.name(lost, 0.8 * ANN + 0.2 * EVE, 0.0)
        identities.lose(lost, 1.0)
        new = Track(HERE)
        identities.name(new, ANN, 1.2, [known(followed)])
        assert (new.id == lost.id) == same


@pytest.mark.parametrize("background", [False, True], ids=["file", "live"])
@pytest.mark.parametrize("rate", [15, 5])
def test_faces_that_cross_are_not_exchanged_at_low_rates(detector, rate, background):
    log = Log()
    with Tracker(detector, background=background) as tracker:
        for number, frame in enumerate(video("cross")[:: 30 // rate]):
            log.add(frame, tracker.update(frame.image, number / rate))
            tracker.wait()
    assert log.exchanges == 0
    assert log.switches <= 1  # a new identity is better than a wrong one
