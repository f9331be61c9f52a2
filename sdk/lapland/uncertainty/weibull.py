"""The axis of probabilities that makes the logarithm of a Weibull-distributed error linear."""

import math

from ..base.errors import OptionError, is_share, shown


def weibull_place(probability: float) -> float:
    """ln(-ln(1 - p)).

    Raises:
        OptionError: the probability is not between 0 and 1.
    """
    if not is_share(probability):
        raise OptionError(
            f"probability: expected a number between 0 and 1, as 0.9, not {shown(probability)}"
        )
    return math.log(-math.log1p(-probability))
