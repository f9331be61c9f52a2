"""Radii and confidence, computed at once for all that is asked of some faces."""

import dataclasses

import numpy as np
import pytest

from lapland import Detector, Faces, OptionError
from lapland.crop.texture import TEXTURE
from lapland.schemes.normaliser import face_sides, normalisers
from lapland.uncertainty import estimate
from lapland.uncertainty.features import SPREAD, features_of

PROBABILITIES = (0.001, 0.01, 0.3, 0.5, 0.9, 0.999)


@pytest.fixture(scope="module")
def calibration():
    return Detector(threads=1).model.calibration


@pytest.fixture(scope="module")
def sample():
    """Landmarks, scales and textures as odd as any photo gives."""
    rng = np.random.default_rng(0)
    landmarks = rng.uniform(20, 100, (40, 68, 2)).astype(np.float32)
    scales = np.exp(rng.normal(0, 1, (40, 68))).astype(np.float32)
    return landmarks, scales, rng.normal(0.3, 1, (40, TEXTURE + 68)).astype(np.float32)


def expected(calibration, sample, probability):
    """Radii as the formulas at the head of `calibration.py` say, one landmark after the other."""
    landmarks, scales, textures = sample
    features = features_of(calibration.scheme, landmarks, scales, textures)
    features = np.clip(features, calibration.low, calibration.high)
    means = calibration.weights[:, 0] + (features * calibration.weights[:, 1:]).sum(axis=-1)
    at = np.log(-np.log1p(-calibration.probabilities))
    bounded = np.clip(means, *calibration.levels.T)
    inputs = np.stack([np.ones_like(means), bounded, features[..., SPREAD]], axis=-1)
    lines = np.einsum("nkj,kpj->nkp", inputs, calibration.quantiles)
    lines = np.maximum.accumulate(lines, axis=-1) + 1e-6 * np.arange(len(at))
    place = np.log(-np.log1p(-probability))
    i = int(np.clip(np.searchsorted(at, place) - 1, 0, len(at) - 2))
    slope = (lines[..., i + 1] - lines[..., i]) / (at[i + 1] - at[i])
    ratio = lines[..., i] + slope * (place - at[i])
    return face_sides(landmarks)[:, None] * np.exp(np.clip(means + ratio, -20, 20))


@pytest.mark.parametrize("probability", PROBABILITIES)
def test_radii_are_those_of_the_formulas(calibration, sample, probability):
    found = calibration.radii(*sample, probability)
    np.testing.assert_allclose(found, expected(calibration, sample, probability), rtol=1e-5)


@pytest.mark.parametrize("probability", PROBABILITIES)
def test_so_they_are_where_lines_cross(calibration, sample, probability):
    quantiles = calibration.quantiles.copy()
    quantiles[:, :3, 0] -= [9.0, 6.0, 3.0]  # those of some models cross already
    quantiles[:, 3, 2] += 3.0  # grows with the spread, above the lines that follow
    crossed = dataclasses.replace(calibration, quantiles=quantiles)
    found = crossed.radii(*sample, probability)
    np.testing.assert_allclose(found, expected(crossed, sample, probability), rtol=1e-5)
    assert estimate.line_at(crossed, 0.0101) is not None  # below the one that grows
    assert estimate.line_at(crossed, 0.5) is None


def face_errors(calibration, sample):
    """(N,) logarithms of the mean errors, in sides of the face, of faces shown whole."""
    means = features_of(calibration.scheme, *sample).mean(axis=1)[:, 1:]
    shared = np.clip(means, calibration.low[1:], calibration.high[1:])
    return calibration.face[0] + shared @ calibration.face[1:]


def likely(calibration, landmarks, means):
    """(N,) probabilities that faces with these logarithms of errors are good."""
    lengths = normalisers(landmarks, calibration.scheme)
    beyond = means + np.log(face_sides(landmarks) / lengths / 0.08)
    odds = calibration.slope * (beyond - calibration.shift)  # their logarithms
    return np.exp(-np.logaddexp(0, odds))


def test_confidence_is_that_of_the_mean_features(calibration, sample):
    expected = likely(calibration, sample[0], face_errors(calibration, sample))
    np.testing.assert_allclose(calibration.confidence(*sample), expected, rtol=1e-4, atol=1e-30)


def test_rows_are_computed_once_for_all_radii(calibration, sample, monkeypatch):
    calls, rows_of = [], estimate.rows_of
    monkeypatch.setattr(estimate, "rows_of", lambda *rows: calls.append(1) or rows_of(*rows))
    zeros = np.zeros((40, 4)), np.ones(40), np.zeros((40, 5, 2))
    landmarks, scales, textures = sample
    faces = Faces(*zeros, landmarks, scales, textures=textures, calibration=calibration)
    first = faces.radius(0.9)
    faces.radius(0.5), faces.pose(), faces.eyes
    assert len(calls) == 1
    first[:] = 0  # what a caller changes is the caller's
    assert (faces.radius(0.9) > 0).all()
    face = faces[3]
    face.radius(0.5), face.radius(0.9), face.pose()
    assert len(calls) == 2


def test_what_it_keeps_is_small(calibration, sample):
    """Callers keep faces by the thousand."""
    asked = calibration.estimate(*sample)
    asked.radii(0.5), asked.confidence()
    given = {id(array) for array in sample}
    arrays = [a for v in vars(asked).values() for a in (v if isinstance(v, tuple) else (v,))]
    kept = sum(
        a.nbytes if a.base is None else a.base.nbytes
        for a in arrays
        if isinstance(a, np.ndarray) and id(a) not in given
    )
    assert kept <= 40 * (68 + 4) * 8


def test_only_faces_at_the_border_are_compared_with_it(calibration, sample):
    landmarks = sample[0]
    whole, cut = (calibration.estimate(*sample, size) for size in ((400, 400), (90, 400)))
    np.testing.assert_array_equal(whole.radii(0.9), calibration.radii(*sample, 0.9))
    # Of two radii, and of two errors, the larger counts: that of landmarks that are not seen, and
    # their own. For what a model takes for no face this is often their own.
    unseen = calibration.hidden.radii(landmarks, (90, 400), 0.9)
    assert (unseen > 0)[landmarks[..., 0] > 90].all()
    np.testing.assert_allclose(cut.radii(0.9), np.maximum(whole.radii(0.9), unseen), rtol=1e-5)
    before, after = whole.confidence(), cut.confidence()
    assert (after <= before).all()
    means = face_errors(calibration, sample)
    hidden = np.log(np.maximum(calibration.hidden.errors(landmarks, (90, 400)), 1e-300))
    larger = np.logaddexp.reduce(np.maximum(means[:, None], hidden), axis=1) - np.log(68)
    np.testing.assert_allclose(after, likely(calibration, landmarks, larger), rtol=1e-4, atol=1e-30)


def test_places_of_any_size_of_error_can_be_at_the_border(calibration, sample):
    """Means whose exponential is no number, as some models give for what is no face."""
    for constant in (-1e4, 1e4):
        face = np.array([constant, *calibration.face[1:]])
        far = dataclasses.replace(calibration, face=face)
        sure = far.estimate(*sample, (90, 400)).confidence()
        assert ((sure >= 0) & (sure <= 1)).all()


@pytest.mark.parametrize("probability", [0, 1, float("nan"), "0.5", None])
def test_no_probability(calibration, sample, probability):
    with pytest.raises(OptionError, match="between 0 and 1"):
        calibration.estimate(*sample).radii(probability)
