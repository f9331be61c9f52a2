"""The axis on which a Weibull distribution is a line."""

import math

import pytest

from lapland import OptionError
from lapland.uncertainty.weibull import weibull_place


def test_logarithms_of_weibull_quantiles_lie_on_a_line():
    shape, scale = 1.7, 3.0
    for probability in (0.001, 0.2, 0.5, 0.9, 0.9999):
        quantile = scale * (-math.log(1 - probability)) ** (1 / shape)
        line = math.log(scale) + weibull_place(probability) / shape
        assert math.log(quantile) == pytest.approx(line)


def test_small_probabilities_keep_their_digits():
    assert weibull_place(1e-12) == pytest.approx(math.log(1e-12))


@pytest.mark.parametrize("wrong", [0, 1, -1, 90, "0.5", True, float("nan")])
def test_others_are_no_probabilities(wrong):
    with pytest.raises(OptionError, match="probability: expected a number between 0 and 1"):
        weibull_place(wrong)
