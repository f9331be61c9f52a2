import numpy as np
import pytest

from lapland.schemes.ibug68 import IBUG68
from training.calibration.fit import ErrorSample
from training.calibration.reliability import coverage_figures, coverages, refusals, worst


def sample(errors):
    ways, faces = errors.shape[:2]
    nothing = np.zeros((*errors.shape, 2))
    return ErrorSample(
        IBUG68, nothing, errors, np.zeros((ways, faces, 5)), errors, np.full(faces, 50.0)
    )


def test_coverage_is_the_share_of_visible_landmarks_within_the_radius():
    errors = np.tile(np.arange(68.0), (2, 3, 1))
    errors[1, :, 34:] = np.nan
    found = coverages([np.full(errors.shape, 16.0), np.full(errors.shape, 100.0)], sample(errors))
    np.testing.assert_allclose(found, [[17 / 68, 1], [0.5, 1]])


def test_the_loss_is_least_at_the_quantiles():
    errors = np.random.default_rng(0).exponential(1, (2, 200, 68))
    quantiles = np.quantile(errors, [0.5, 0.9])

    def loss(factor):
        radii = np.broadcast_to(factor * quantiles[:, None, None, None], (2, *errors.shape))
        return coverage_figures(radii, sample(errors))

    assert loss(1.0)["loss"] < min(loss(0.9)["loss"], loss(1.1)["loss"])
    assert np.abs(loss(1.0)["clean"]).max() < 1
    assert loss(0.5)["worst"][0] < -15


def test_refusing_the_worst_by_a_perfect_score_is_what_the_oracle_does():
    rng = np.random.default_rng(0)
    errors = rng.lognormal(1.2, 0.5, (3, 400))
    found = refusals({"perfect": 1 / errors, "chance": rng.uniform(size=(3, 400))}, errors)
    assert found["perfect"] == found["oracle"]
    assert found["chance"]["area"] == pytest.approx(errors.mean(), rel=0.05)
    assert found["oracle"]["area"] < 0.8 * errors.mean()
    assert found["oracle"]["curve"][-1] == pytest.approx(errors.mean())
    assert found["all"]["8"] == pytest.approx(100 * (errors > 8).mean())
    # Five percent fewer of all, all of them failures.
    kept = (found["all"]["8"] - 5) / 0.95
    assert found["oracle"]["kept"]["8"] == pytest.approx(max(kept, 0))
    assert found["chance"]["kept"]["8"] == pytest.approx(found["all"]["8"], abs=1)


def test_the_worst_corruption_is_the_farthest_from_nominal():
    report = {
        "corruptions": ["mild", "strong"],
        "coverage": {"clean": [0.1, 0.2], "mild": [0.52, 0.99], "strong": [0.45, 0.88]},
    }
    assert worst(report) == (["strong", "mild"], [0.45, 0.99])
