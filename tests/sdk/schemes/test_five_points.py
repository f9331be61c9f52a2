"""Five points as means of landmarks."""

import numpy as np
import pytest

from lapland import SCHEMES
from lapland.schemes.five_points import five_of


@pytest.mark.parametrize("scheme", SCHEMES.values(), ids=SCHEMES)
def test_they_are_means(scheme):
    landmarks = np.random.default_rng(0).uniform(0, 99, (3, scheme.size, 2)).astype(np.float32)
    found = five_of(scheme, landmarks)
    assert (found.shape, found.dtype) == ((3, 5, 2), np.float64)
    for row, indices in enumerate(scheme.five):
        means = landmarks[:, list(indices)].astype(np.float64).mean(axis=1)
        np.testing.assert_allclose(found[:, row], means)


@pytest.mark.parametrize("scheme", SCHEMES.values(), ids=SCHEMES)
def test_no_faces(scheme):
    assert five_of(scheme, np.zeros((0, scheme.size, 2))).shape == (0, 5, 2)
