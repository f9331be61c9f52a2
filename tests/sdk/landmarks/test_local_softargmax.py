"""Softargmax in a window about the peak."""

import numpy as np
import pytest

from lapland.landmarks.local_softargmax import TEMPERATURE, WINDOW, local_softargmax


def by_hand(maps, stride):
    """Softargmax of the window about each peak, moved to lie within the map."""
    reach = WINDOW // stride
    found = np.zeros((*maps.shape[:2], 2))
    for n, k in np.ndindex(maps.shape[:2]):
        height, width = maps.shape[2:]
        row, column = np.unravel_index(maps[n, k].argmax(), (height, width))
        top = int(np.clip(row - reach, 0, height - 2 * reach - 1))
        left = int(np.clip(column - reach, 0, width - 2 * reach - 1))
        part = maps[n, k, top : top + 2 * reach + 1, left : left + 2 * reach + 1]
        p = np.exp((part.astype(np.float64) - part.max()) / TEMPERATURE)
        y, x = np.mgrid[: p.shape[0], : p.shape[1]]
        found[n, k] = (p * x).sum() / p.sum() + left, (p * y).sum() / p.sum() + top
    return found * stride + (stride - 1) / 2


@pytest.mark.parametrize("stride", [1, 2])
def test_it_is_the_mean_of_the_window(stride):
    maps = np.random.default_rng(0).normal(0, 2, (2, 9, 40, 40)).astype(np.float32)
    np.testing.assert_allclose(local_softargmax(maps, stride), by_hand(maps, stride), atol=1e-3)


def test_values_outside_the_window_do_not_count():
    maps = np.full((1, 1, 80, 80), -20, np.float32)
    maps[0, 0, 30, 20] = 1
    maps[0, 0, 30, 60] = 0.99
    np.testing.assert_allclose(local_softargmax(maps, 1), [[[20, 30]]], atol=1e-3)
