"""Intervals of a normal distribution: deviations -> half-widths."""

from statistics import NormalDist

from ..base.errors import check_probability


def half_width(probability: float) -> float:
    """Deviations to either side within which a normal value lies with the probability.

    Raises:
        OptionError: the probability is not between 0 and 1.
    """
    check_probability(probability)
    return NormalDist().inv_cdf(0.5 + probability / 2)
