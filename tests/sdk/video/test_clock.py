"""The time of each frame."""

import pytest

from lapland import OptionError
from lapland.base.checks import real_number
from lapland.video.clock import Clock


def test_given_times():
    clock = Clock()
    assert clock.tick(5.0) == (True, 5.0, 1 / 30)
    assert clock.tick(5.5) == (False, 5.5, 0.5)
    assert clock.tick(5.5) == (False, 5.5, 1 / 30)  # a repeated time is that of a usual frame
    first, now, seconds = clock.tick(None)
    assert (first, now) == (False, pytest.approx(5.5 + 1 / 30))
    assert seconds == pytest.approx(1 / 30)
    with pytest.raises(OptionError, match="go back"):
        clock.tick(5.0)
    assert clock.tick(9.0).seconds == pytest.approx(3.5 - 1 / 30)


def test_times_of_the_machine():
    times = iter([50.0, 50.5, 52.5, 52.6])
    clock = Clock(lambda: next(times))
    assert clock.tick(None) == (True, 0.0, 1 / 30)
    assert clock.tick(None) == (False, 0.5, 0.5)
    assert clock.tick(10.0) == (False, 10.0, 9.5)
    assert clock.tick(None).now == pytest.approx(10.1)


def test_a_clock_that_goes_back_stands_still():
    times = iter([50.0, 40.0])
    clock = Clock(lambda: next(times))
    clock.tick(None)
    assert clock.tick(None) == (False, 0.0, 1 / 30)


@pytest.mark.parametrize("wrong", [float("nan"), float("inf"), "now", True, 10**400])
def test_no_times(wrong):
    with pytest.raises(OptionError, match="time must be a number of seconds"):
        Clock().tick(wrong)
    assert not real_number(wrong) < float("inf")
