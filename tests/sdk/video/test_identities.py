"""Who a new face is: looks alone, and looks with place."""

import numpy as np
import pytest

from lapland.video.clock import Step
from lapland.video.fit import Fit
from lapland.video.identities import ALIKE, Identities
from lapland.video.track import Track
from tests.drawn_dots import five_points

RNG = np.random.default_rng(0)
ANN, BOB = (RNG.uniform(0, 255, (8, 8, 3)).astype(np.float32) for _ in range(2))
HERE = five_points(np.array([200.0, 150.0]))  # its square has sides of 92 px


def mixed(share):
    """Looks between Bob's, 0, and Ann's, 1."""
    return share * ANN + (1 - share) * BOB


def track(five=HERE):
    return Track(five)


def sure(five):
    none = np.zeros(0, np.float32)
    return Fit(five, np.zeros((0, 2), np.float32), none, none, five, 1.2, False)


def lost_ann(identities, now=1.0, cut=False):
    ann = track()
    ann.advance(sure(HERE), Step(False, 1.0, 0.1))
    identities.name(ann, ANN, 0.0)
    identities.lose(ann, now, cut=cut)
    return ann


def named(identities, five, looks, now):
    someone = track(five)
    identities.name(someone, looks, now)
    return someone.id


def test_numbers_are_new_for_new_faces():
    identities = Identities(5.0)
    assert [named(identities, HERE, looks, 0.0) for looks in (ANN, BOB)] == [0, 1]


@pytest.mark.parametrize(
    ("aside", "share", "wait", "cut", "same"),
    [
        (500, 1.0, 3.0, False, True),  # alike, anywhere, within the memory
        (500, 1.0, 6.0, False, False),  # forgotten
        (500, 0.55, 0.5, False, False),  # rather alike, far away
        (100, 0.55, 0.5, False, True),  # rather alike, near
        (100, 0.55, 2.5, False, False),  # and too late
        (100, 0.45, 0.5, False, False),  # less alike, near
        (20, 0.45, 0.5, False, True),  # and at the place
        (20, 0.0, 0.5, False, False),  # someone else at the place
        (20, 0.55, 0.5, True, False),  # after a cut the place says nothing
        (20, 1.0, 0.5, True, True),
    ],
)
def test_who_comes_back(aside, share, wait, cut, same):
    identities = Identities(5.0)
    lost_ann(identities, cut=cut)
    looks = mixed(share)
    assert (named(identities, HERE + aside, looks, 1.0 + wait) == 0) == same


def test_the_most_alike_comes_back_and_only_once():
    identities = Identities(5.0)
    ann, bob = track(), track()
    identities.name(ann, ANN, 0.0)
    identities.name(bob, BOB, 0.0)
    identities.lose(ann, 1.0)
    identities.lose(bob, 1.0)
    assert bob.looks.likeness(ANN) < ALIKE
    assert named(identities, HERE + 900, BOB, 1.5) == 1
    assert named(identities, HERE + 900, ANN, 1.5) == 0
    assert named(identities, HERE + 900, ANN, 1.5) == 2


@pytest.mark.parametrize("half", [np.s_[:, :4], np.s_[:, 4:], np.s_[:4], np.s_[4:]])
def test_a_face_that_is_half_covered_is_known_by_the_other_half(half):
    identities = Identities(5.0)
    lost_ann(identities)
    covered = ANN.copy()
    covered[half] = BOB[half]
    assert named(identities, HERE + 20, covered, 1.5) == 0


def test_of_two_that_are_as_alike_none_comes_back():
    identities = Identities(5.0)
    twins = track(), track()
    for twin in twins:
        identities.name(twin, ANN, 0.0)
    for twin in twins:
        identities.lose(twin, 1.0)
    assert named(identities, HERE + 900, ANN, 1.5) == 2
