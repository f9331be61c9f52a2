"""How long calls take: measured in turns, until the medians are known well enough."""

import math
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

Step = Callable[[], object]

CALLS = 5  # timed calls of a step in each round, after one to warm up
LEAST = 10  # rounds; before, a 95th percentile says nothing


@dataclass(frozen=True)
class Times:
    """The times of the calls of one step.

    Attributes:
        median: milliseconds.
        p95: 95th percentile, milliseconds.
        spread: how well the median is known: it lies within this part of itself, up or down, with
            a confidence of 95 %; infinite if there are too few calls.
        calls: how many were timed.
    """

    median: float
    p95: float
    spread: float
    calls: int


def summary(times: Sequence[float]) -> Times:
    """Sums up times in milliseconds, at least one."""
    ordered = sorted(times)
    median = statistics.median(ordered)
    # Ranks that enclose the median, for any distribution: the number of calls below
    # it is binomial.
    n, reach = len(ordered), 0.98 * math.sqrt(len(ordered))
    low, high = math.floor(n / 2 - reach) - 1, math.ceil(n / 2 + reach)
    spread = math.inf
    if low >= 0 and high < n and median > 0:
        spread = max(median - ordered[low], ordered[high] - median) / median
    return Times(median, float(np.percentile(ordered, 95)), spread, n)


class Timer:
    """Times some steps in turns, so that a disturbance of the processor affects all alike.

    Every round goes through all steps: each is called once to bring its data into the cache,
    then `CALLS` times with the clock. Creating the timer runs a first round that does not count:
    libraries set themselves up in their first calls.

    Args:
        steps: by name.
        clock: nanoseconds.
    """

    def __init__(
        self, steps: Mapping[str, Step], clock: Callable[[], int] = time.perf_counter_ns
    ) -> None:
        self._steps, self._clock = dict(steps), clock
        self._first = self._timed_round()
        self.times: dict[str, list[float]] = {name: [] for name in steps}  # milliseconds

    def rounds_in(self, seconds: float) -> int:
        """How many rounds there is time for, at least `LEAST`."""
        return max(LEAST, int(seconds / max(self._first, 1e-9)))

    def round(self) -> None:
        """One more round."""
        self._timed_round(self.times)

    def settled(self, spread: float) -> bool:
        """Whether every median is known within this part of itself."""
        enough = all(len(times) >= LEAST * CALLS for times in self.times.values())
        return enough and all(row.spread <= spread for row in self.summaries().values())

    def summaries(self) -> dict[str, Times]:
        """The steps' times, by name."""
        return {name: summary(times) for name, times in self.times.items()}

    def _timed_round(self, times: Mapping[str, list[float]] | None = None) -> float:
        """Runs each step, keeps its times if asked to; returns seconds of the round."""
        began = self._clock()
        for name, step in self._steps.items():
            step()
            for _ in range(CALLS):
                started = self._clock()
                step()
                taken = (self._clock() - started) / 1e6
                if times is not None:
                    times[name].append(taken)
        return (self._clock() - began) / 1e9
