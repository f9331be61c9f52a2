"""The axis of probabilities that makes the logarithm of a Weibull-distributed error linear."""

import math

from ..base.errors import check_probability


def weibull_place(probability: float) -> float:
    """ln(-ln(1 - p)).

    Raises:
        OptionError: the probability is not between 0 and 1.
    """
    check_probability(probability)
    return math.log(-math.log1p(-probability))
