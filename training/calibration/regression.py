"""Regression of means and of quantiles, with lower bounds on the weights."""

from collections.abc import Callable
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from lapland.uncertainty.calibration import LEAST_GROWTH

Floats = NDArray[np.float64]

RIDGE = 1e-6  # share of the mean square of a feature; decides between weights that fit equally
NEAR = 0.02  # of a logarithm: nearer to its quantile an error pulls no harder


def gamma_regression(
    x: Floats, y: Floats, counts: Floats, growing: int = 0, steps: int = 50
) -> Floats:
    """Weights b of the mean exp(x b) of y: gamma regression with a logarithmic link.

    By iteratively reweighted least squares, whose weights are all one for this link.

    Args:
        x: (M, F).
        y: (M,), 0 or above.
        counts: (M,), how much each counts.
        growing: the first so many weights may not be negative.
        steps: largest number of iterations.

    Returns:
        (F,).
    """
    shares = counts / counts.sum()  # (M,), sum 1: squares and products below are means
    weighted = np.ascontiguousarray(x.T) * shares  # (F, M)
    squares = weighted @ x  # (F, F); the same in each step, as all weights are one
    # Relative to each feature, whose units differ.
    squares += RIDGE * np.diag(np.diag(squares) + 1e-9)
    low = np.where(np.arange(x.shape[1]) < growing, 0.0, -np.inf)  # (F,)
    # (M,): the first weights are those that fit the logarithm of the mean, a constant.
    start = np.full(len(x), np.log(y.mean() + 1e-9))

    def step(b: Floats) -> Floats:
        predicted = x @ b  # (M,), ln of the mean
        # The working response of a logarithmic link: ln m + (y - m) / m for a mean m. Errors far
        # from a mean that is not yet right may not throw it about, hence the 20.
        target = predicted + np.minimum(y * np.exp(-predicted), 20.0) - 1
        return _least_squares(squares, weighted @ target, low)

    return _settled(step, np.linalg.solve(squares, weighted @ start), 1e-6, steps)


def quantile_regression(
    x: Floats, y: Floats, counts: Floats, probability: float, start: Floats, steps: int = 30
) -> Floats:
    """Weights b of the quantile x b of y: least pinball loss, by reweighted least squares.

    Args:
        x: (M, 3); its second weight may not be so far below 0 that radii fall with the mean error.
        y: (M,).
        counts: (M,), how much each counts.
        probability: probability of the quantile.
        start: (3,), first weights.
        steps: number of iterations.

    Returns:
        (3,).
    """
    low = np.array([-np.inf, LEAST_GROWTH - 1, -np.inf])
    rows = np.ascontiguousarray(x.T)  # weighted faster than columns
    known = np.column_stack([x, y])  # (M, 4), so that one product gives both sides of the equations
    # Slopes of the pinball loss above and below the quantile.
    above, below = counts * probability, counts * (1 - probability)
    # Keeps the matrix regular if a feature is the same for all.
    ridge = 1e-9 * np.eye(len(rows))

    def step(b: Floats) -> Floats:
        off = y - b @ rows  # (M,)
        shares = np.where(off > 0, above, below)
        # off^2 / |off| is |off|: with these weights, squares are the pinball loss at the last b.
        shares /= np.maximum(np.abs(off, out=off), NEAR, out=off)
        sums = (rows * shares) @ known / shares.sum()  # (3, 4)
        return _least_squares(sums[:, :-1] + ridge, sums[:, -1], low)

    return _settled(step, start, 1e-4, steps)


def _least_squares(squares: Floats, right: Floats, low: Floats) -> Floats:
    """Weights b, none below `low`, of least squared error of x b.

    `squares` is x' w x, (F, F), `right` is x' w y, (F,). Few weights may have a bound.
    """
    free: Floats = np.linalg.solve(squares, right)
    if (free >= low).all():
        return free
    # The error is convex, so the best of all choices of weights that stay at their bounds is best.
    bounded = np.flatnonzero(np.isfinite(low))
    found, least = free, np.inf
    for count in range(1, len(bounded) + 1):
        for chosen in combinations(bounded.tolist(), count):
            held = np.isin(np.arange(len(low)), chosen)  # (F,), those that stay at their bounds
            b = np.where(held, low, 0.0)
            # Normal equations of the free weights; the held ones are known, and go to the right.
            wanted = right[~held] - squares[np.ix_(~held, held)] @ b[held]
            b[~held] = np.linalg.solve(squares[np.ix_(~held, ~held)], wanted)
            error = b @ squares @ b / 2 - right @ b  # half of the squared error, but for a constant
            if error < least and (b >= low).all():
                found, least = b, error
    return found


def _settled(step: Callable[[Floats], Floats], start: Floats, near: float, steps: int) -> Floats:
    """The fixed point of a step: until it changes by less than `near`, or after enough steps."""
    b = start
    for _ in range(steps):
        before, b = b, step(b)
        if np.abs(b - before).max() < near:
            break
    return b
