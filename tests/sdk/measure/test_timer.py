"""The timer, with a clock that is ours, and once with the real one."""

import math
import random
import statistics
import time

import pytest

from lapland.measure.timer import CALLS, LEAST, Timer, summary


class Clock:
    """Time that passes only when a step says so."""

    def __init__(self):
        self.nanoseconds = 0

    def __call__(self):
        return self.nanoseconds

    def pass_by(self, milliseconds):
        self.nanoseconds += round(milliseconds * 1e6)


def test_summary_of_a_known_series():
    times = summary([float(t) for t in range(100, -1, -1)])
    assert (times.median, times.p95, times.calls) == (50.0, 95.0, 101)
    assert summary([1.0, 2.0, 3.0, 10.0]).median == 2.5


def test_spread_is_the_range_of_the_median():
    # 95 % of a binomial of 100 calls: from rank 41 to rank 60, which Conover's tables give too.
    times = summary([float(rank) for rank in range(1, 101)])
    assert times.median == 50.5
    assert times.spread == pytest.approx((60 - 50.5) / 50.5, abs=0.02)
    assert summary([7.0] * 50).spread == 0
    assert summary([1.0] * 5).spread == math.inf  # too few to say


def test_the_true_median_lies_within_the_spread_in_95_of_100_series():
    draw = random.Random(0)
    inside = 0
    for _ in range(1000):
        times = summary([draw.expovariate(1.0) for _ in range(60)])
        inside += abs(times.median - math.log(2)) <= times.spread * times.median
    assert inside >= 940


def test_an_outlier_does_not_move_the_median():
    calm = [1.0 + i / 1000 for i in range(101)]
    struck = summary([*calm[:-1], 5000.0])
    assert struck.median == summary(calm).median
    assert struck.p95 == summary(calm).p95
    assert statistics.mean([*calm[:-1], 5000.0]) > 40 * struck.median


def test_steps_take_turns_and_each_is_warmed_up():
    clock, calls = Clock(), []

    def step(name, first, then):
        def run():
            cold = not calls or calls[-1] != name
            calls.append(name)
            clock.pass_by(first if cold else then)

        return run

    timer = Timer({"a": step("a", 100, 2), "b": step("b", 50, 3)}, clock)
    assert timer.times == {"a": [], "b": []}  # the first round does not count
    for _ in range(3):
        timer.round()
    one_round = ["a"] * (CALLS + 1) + ["b"] * (CALLS + 1)
    assert calls == one_round * 4
    assert timer.times == {"a": [2.0] * CALLS * 3, "b": [3.0] * CALLS * 3}


def test_rounds_that_fit_into_a_time():
    clock = Clock()
    timer = Timer({"a": lambda: clock.pass_by(50)}, clock)  # a round takes 6 times 50 ms
    assert timer.rounds_in(30.0) == 100
    assert timer.rounds_in(0.001) == LEAST


def test_it_is_settled_when_every_median_is_known():
    clock, steady = Clock(), iter(range(10**6))
    timer = Timer(
        {
            "steady": lambda: clock.pass_by(1),
            "unsteady": lambda: clock.pass_by(1 + next(steady) % 7),
        },
        clock,
    )
    for _ in range(LEAST - 1):
        timer.round()
    assert not timer.settled(math.inf)  # too few calls for a 95th percentile
    timer.round()
    assert timer.settled(1.0)
    assert not timer.settled(0.1)
    assert timer.summaries()["steady"].spread == 0


def test_a_sleep_is_timed_by_the_real_clock():
    timer = Timer({"sleep": lambda: time.sleep(0.005)})
    timer.round()
    times = timer.summaries()["sleep"]
    assert times.calls == CALLS
    # No upper bound: a busy machine may let us sleep as long as it likes.
    assert min(timer.times["sleep"]) >= 4.9
    assert times.p95 >= times.median >= 4.9
