"""Whether a face is still there: looks, searches, and seconds."""

import numpy as np
import pytest

from lapland.video.presence import Presence

RATES = [1, 2, 3, 5, 10, 15, 24, 25, 29.97, 30, 50, 60, 120, 240]


def frames(rate, seconds):
    """Times as a container has them, whole milliseconds."""
    return np.round(np.arange(1, int(seconds * rate) + 2) / rate, 3).tolist()


@pytest.mark.parametrize("rate", RATES)
def test_a_face_that_looks_do_not_see_is_lost_in_a_tenth_of_a_second_or_a_frame_or_two(rate):
    one, looks = Presence(), 0
    one.seen(0.9, 0.0)
    for now in frames(rate, 3):
        one.fitted(looks > 1, now)  # sure first
        if (looks or now > 0.3) and one.is_look_due(uneasy=False, now=now):  # now it is gone
            one.seen(0.1, now)
            looks += 1
        if one.is_lost:
            break
    gone = now - 0.3
    assert one.is_lost
    assert gone <= max(0.5, 3 / rate)
    assert looks <= 5


@pytest.mark.parametrize("rate", RATES)
def test_one_look_that_misses_a_face_ends_nothing_while_its_landmarks_are_sure(rate):
    one = Presence()
    for number, now in enumerate(frames(rate, 8)):
        one.fitted(False, now)
        one.seen(0.2 if number % 4 == 3 else 0.9, now)
        assert not one.is_lost


@pytest.mark.parametrize("rate", RATES)
def test_looks_are_as_frequent_at_any_rate(rate):
    counts = []
    for unsure, uneasy in ((False, False), (False, True), (True, False)):
        one, looks = Presence(), 0
        for now in frames(rate, 6):
            one.fitted(unsure, now)
            if one.is_look_due(uneasy, now):
                one.seen(0.9, now)
                looks += 1
        counts.append(looks)
    for count, per_second in zip(counts, (3, 10, 6), strict=True):
        assert count <= 6 * per_second + 5
        assert count >= 0.6 * 6 * min(rate / 2, per_second)


def test_searches_that_do_not_find_an_unsure_face_end_it():
    one = Presence()
    one.not_found(0.0)  # it is sure: what a search misses says nothing
    one.fitted(True, 0.0)
    for now in (0.0, 0.1):
        one.not_found(now)
        assert not one.is_lost
    one.found()
    for now in (0.2, 0.3, 0.4):
        assert not one.is_lost
        one.not_found(now)
    assert one.is_lost
