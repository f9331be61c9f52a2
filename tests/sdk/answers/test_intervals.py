"""Intervals of a normal distribution."""

import numpy as np
import pytest

from lapland import OptionError
from lapland.answers.intervals import half_width


@pytest.mark.parametrize(("probability", "width"), [(0.5, 0.6745), (0.9, 1.6449), (0.95, 1.96)])
def test_known_values(probability, width):
    assert half_width(probability) == pytest.approx(width, abs=1e-4)


def test_draws_lie_within_with_the_probability():
    draws = np.random.default_rng(0).standard_normal(100_000)
    assert (np.abs(draws) < half_width(0.8)).mean() == pytest.approx(0.8, abs=0.01)


@pytest.mark.parametrize("wrong", [0, 1, -0.5, 90, float("nan"), "0.9", True, None])
def test_others_are_no_probabilities(wrong):
    with pytest.raises(OptionError, match=r"between 0 and 1, as 0\.9"):
        half_width(wrong)
