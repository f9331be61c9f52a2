import numpy as np
import pytest

from training.calibration.regression import gamma_regression, quantile_regression


def test_quantile_regression_finds_the_lines():
    rng = np.random.default_rng(0)
    x = np.column_stack([np.ones(20000), rng.uniform(-4, -3, 20000), rng.uniform(0, 0.3, 20000)])
    spread = 0.2 + x[:, 2]
    y = 0.5 - 0.3 * x[:, 1] + spread * rng.normal(size=20000)
    for p, normal in ((0.5, 0.0), (0.9, 1.2816)):
        found = quantile_regression(x, y, np.ones(20000), p, np.zeros(3))
        np.testing.assert_allclose(
            x @ found, 0.5 - 0.3 * x[:, 1] + spread * normal, atol=0.05, rtol=0
        )
        assert np.mean(y <= x @ found) == pytest.approx(p, abs=0.005)
    falling = quantile_regression(x, y - 2 * x[:, 1], np.ones(20000), 0.5, np.zeros(3))
    assert falling[1] == pytest.approx(-0.9)  # else radii would fall where errors grow


def test_gamma_regression_finds_the_weights():
    rng = np.random.default_rng(0)
    x = np.hstack([rng.normal(size=(20000, 2)), np.ones((20000, 1))])
    y = np.exp(x @ [0.7, -0.4, 1.0]) * rng.gamma(2, 0.5, 20000)
    np.testing.assert_allclose(gamma_regression(x, y, np.ones(20000)), [0.7, -0.4, 1], atol=0.03)
    held = gamma_regression(x, y, np.ones(20000), growing=2)
    assert abs(held[1]) < 1e-6
    assert held[0] == pytest.approx(0.7, abs=0.03)
    # Faces that count nothing change nothing.
    spoiled = np.where(np.arange(20000) % 2, y, 100 * y)
    counts = (np.arange(20000) % 2).astype(float)
    np.testing.assert_allclose(gamma_regression(x, spoiled, counts), [0.7, -0.4, 1], atol=0.05)
