"""The barycenter of the values above a map's floor."""

import numpy as np
import pytest

from lapland.landmarks.barycenter import FLOOR, barycenter


def by_hand(maps, stride):
    """The mean of the pixels whose probability is above the floor, in plain loops."""
    found = np.zeros((*maps.shape[:2], 2))
    for n, k in np.ndindex(maps.shape[:2]):
        p = np.exp(maps[n, k].astype(np.float64) - maps[n, k].max())
        p[p < FLOOR] = 0
        y, x = np.mgrid[: p.shape[0], : p.shape[1]]
        found[n, k] = (p * x).sum() / p.sum(), (p * y).sum() / p.sum()
    return found * stride + (stride - 1) / 2


@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("side", [20, 40])
def test_it_is_the_mean_above_the_floor(side, stride):
    maps = np.random.default_rng(side).normal(0, 2, (2, 5, side, side)).astype(np.float32)
    np.testing.assert_allclose(barycenter(maps, stride), by_hand(maps, stride), atol=1e-3)


def test_a_haze_below_the_floor_does_not_count():
    maps = np.full((1, 1, 40, 40), np.log(0.9 * FLOOR), np.float32)
    maps[0, 0, 5, 7] = 0
    np.testing.assert_allclose(barycenter(maps, 1), [[[7, 5]]])
