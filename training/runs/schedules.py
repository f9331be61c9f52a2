"""Learning rate, slope and averaging over a run."""

import math
from collections.abc import Callable
from typing import Any

from torch import Tensor
from torch.optim.swa_utils import get_ema_multi_avg_fn

from training.network.rcn import SLOPE
from training.recipes.recipe import Recipe


def rate_at(epoch: float, recipe: Recipe) -> float:
    """Learning rate as a fraction of the recipe's highest, at a (fractional) epoch."""
    if recipe.schedule == "constant":
        return 1.0
    if epoch < recipe.warmup:
        return max(epoch, 0.01) / recipe.warmup  # never 0, or the first step would be lost
    # 0 after the warm-up, 1 at the end.
    done = (epoch - recipe.warmup) / max(recipe.epochs - recipe.warmup, 1e-9)
    return 0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * min(done, 1.0)))


def slope_at(epoch: float, recipe: Recipe) -> float:
    """Slope of the activations below zero, at a (fractional) epoch."""
    if epoch >= recipe.anneal:
        return recipe.slope
    return SLOPE + (recipe.slope - SLOPE) * epoch / recipe.anneal


def moving_average(decay: float) -> Callable[[Any, Any, Any], None]:
    """The `multi_avg_fn` of an exponential moving average of weights, which begins short.

    After n steps it reaches back over some (10 + n) / 9 of them, until it reaches `decay`:
    the random weights that a run starts from are forgotten in the first passes, not the first ten.
    """

    def update(averaged: list[Tensor], current: list[Tensor], count: Tensor) -> None:
        # The rule of TensorFlow's ExponentialMovingAverage.
        n = int(count)
        get_ema_multi_avg_fn(min(decay, (1 + n) / (10 + n)))(averaged, current, count)

    return update
