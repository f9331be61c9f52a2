"""Intervals of a normal distribution: deviations -> half-widths."""

from statistics import NormalDist

from ..base.errors import OptionError, is_share, shown


def half_width(probability: float) -> float:
    """Deviations to either side within which a normal value lies with the probability.

    Raises:
        OptionError: the probability is not between 0 and 1.
    """
    if not is_share(probability):
        raise OptionError(
            f"probability: expected a number between 0 and 1, as 0.9, not {shown(probability)}"
        )
    return NormalDist().inv_cdf(0.5 + probability / 2)
