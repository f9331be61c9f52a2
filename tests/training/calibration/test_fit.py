import dataclasses
import functools

import numpy as np
import pytest

from lapland.crop.texture import TEXTURE
from lapland.schemes.aflw19 import AFLW19
from lapland.schemes.ibug68 import IBUG68
from lapland.schemes.normaliser import face_sides
from lapland.uncertainty.calibration import Calibration
from lapland.uncertainty.features import FEATURES, features_of
from tests.drawn_faces import mean_shape
from training.calibration import fit as calibration
from training.calibration.fit import FORMS, ErrorSample, fit, isotonic_radii

SHAPE = 1.6  # of the Weibull distribution of error / mean error


def drawn(seed, faces=250, ways=2):
    """Faces whose errors follow a known law: 1.5 times the scale, more where all are large."""
    rng = np.random.default_rng(seed)
    size = rng.uniform(40, 90, (ways, faces, 1))
    landmarks = mean_shape() * size[..., None] + rng.uniform(0, 50, (ways, faces, 1, 2))
    level = rng.normal(-3.8, 0.3, (ways, faces, 1))
    sides = face_sides(landmarks.reshape(-1, 68, 2)).reshape(ways, faces, 1)
    scales = sides * np.exp(level + rng.normal(0, 0.3, (ways, faces, 68)))
    textures = rng.normal(0.5, 0.3, (ways, faces, TEXTURE + 68))
    means = 1.5 * scales * np.exp(0.8 * (level + 3.8) - 0.5 * textures[..., :1])
    errors = means * rng.weibull(SHAPE, scales.shape) / 0.8966  # its mean, gamma(1 + 1 / SHAPE)
    return ErrorSample(IBUG68, landmarks, scales, textures, errors, 1.1 * size[0, :, 0])


@pytest.fixture(scope="module")
def fitted():
    return fit(drawn(0, faces=350))


@functools.cache
def fresh_faces():
    return drawn(1)


@functools.cache
def usual():
    """The fit of few faces; most of a fit's time is their number."""
    return fit(drawn(0, faces=120))


@pytest.mark.parametrize("probability", [0.02, 0.2, 0.5, 0.73, 0.9, 0.97, 0.995])
def test_radii_hold_what_they_say_on_faces_not_in_the_fit(fitted, probability):
    fresh = fresh_faces()
    radii = fitted.radii(*fresh.flat, probability).reshape(fresh.errors.shape)
    assert (fresh.errors <= radii).mean() == pytest.approx(probability, abs=0.01)
    # Not only on average: also where scales are large, and where the texture is unusual.
    for chosen in (
        fresh.scales > np.quantile(fresh.scales, 0.8),
        np.broadcast_to(fresh.textures[..., :1] > 0.8, fresh.errors.shape),
    ):
        within = (fresh.errors <= radii)[chosen].mean()
        assert within == pytest.approx(probability, abs=0.025)


def test_the_law_is_found(fitted):
    landmarks, scales, textures = drawn(2).flat
    expected = 1.5 * scales * np.log(2) ** (1 / SHAPE) / 0.8966
    level = np.log(scales.mean(axis=1) / face_sides(landmarks))[:, None]
    expected = expected * np.exp(0.8 * (level - 0.045 + 3.8) - 0.5 * textures[:, :1])
    found = fitted.radii(landmarks, scales, textures, 0.5)
    assert np.median(np.abs(found / expected - 1)) < 0.05


def test_radii_grow_with_the_probability_and_with_scales(fitted):
    landmarks, scales, textures = (part[:20] for part in drawn(3).flat)
    radii = [fitted.radii(landmarks, scales, textures, p) for p in np.linspace(0.001, 0.999, 60)]
    assert (np.diff(radii, axis=0) > 0).all()
    assert np.isfinite(radii).all()
    now = fitted.radii(landmarks, scales, textures, 0.5)
    assert (fitted.radii(landmarks, 1.2 * scales, textures, 0.5) >= now).all()
    surer = scales.copy()
    surer[:, 30] /= 1.3
    assert (fitted.radii(landmarks, surer, textures, 0.5)[:, 30] < now[:, 30]).all()


@pytest.mark.parametrize("form", FORMS)
def test_errors_that_fall_with_the_scale_give_no_falling_radii(form):
    sample = drawn(0, faces=20)
    upside_down = dataclasses.replace(sample, errors=4 / sample.scales)
    weights = fit(upside_down, form).weights
    assert (weights[:, 1:3] >= 0).all()


def test_it_is_small_as_json_and_comes_back_the_same(fitted):
    text = fitted.to_json()
    assert len(text) < 8000
    again = Calibration.from_json(text, IBUG68)
    sample = drawn(4).flat
    for p in (0.1, 0.9):
        np.testing.assert_allclose(again.radii(*sample, p), fitted.radii(*sample, p), rtol=3e-3)
    np.testing.assert_allclose(again.confidence(*sample), fitted.confidence(*sample), atol=0.01)


def test_landmarks_that_are_not_visible_have_no_part_in_it():
    sample = drawn(0, faces=120)
    hidden = sample.errors.copy()
    hidden[:, ::3, 40:] = np.nan
    found = fit(dataclasses.replace(sample, errors=hidden)).radii(*sample.flat, 0.5)
    assert np.isfinite(found).all()
    off = np.abs(found / usual().radii(*sample.flat, 0.5) - 1)
    assert np.quantile(off, 0.999) < 0.2
    assert off.max() < 0.5  # of the most unusual face


def test_confidence_is_the_share_of_faces_that_are_good():
    rng = np.random.default_rng(0)
    sample = drawn(0, faces=1500)
    # Good and bad faces, without a sharp edge between them.
    size = 10 ** rng.uniform(-0.4, 0.5, (2, 1500, 1))
    scales = sample.scales * size
    errors = sample.errors * size * rng.lognormal(0, 0.2, size.shape)
    sample = dataclasses.replace(sample, scales=scales, errors=errors)
    # The distribution of errors, which takes the time of a fit, has no part in it.
    sure = fit(sample, "these and texture").confidence(*sample.flat)
    good = sample.failures.ravel() <= 8
    assert 0.2 < good.mean() < 0.8
    for low in np.arange(0, 1, 0.25):
        chosen = (sure >= low) & (sure < low + 0.25)
        assert chosen.sum() > 50
        assert good[chosen].mean() == pytest.approx(sure[chosen].mean(), abs=0.12)


def shaped(seed):
    """Small errors of a long tail, large ones that are much alike; and how large they should be."""
    sample = drawn(seed, faces=300)
    sides = face_sides(sample.flat[0]).reshape(*sample.scales.shape[:2], 1)
    level = np.log(sample.scales / sides)
    sigma = np.clip(0.7 - 0.6 * (level + 3.8), 0.2, 1.2)  # of their logarithms
    normal = np.random.default_rng(seed + 100).normal(size=level.shape)
    ratios = np.exp(sigma * normal - sigma**2 / 2)  # their mean is 1
    return dataclasses.replace(sample, errors=1.5 * sample.scales * ratios), level


def test_the_distribution_of_errors_changes_with_their_size():
    (sample, _), (fresh, level) = shaped(0), shaped(1)

    def off(form):
        """How far from 50 % the shares within that radius are, in points: small and large."""
        radii = fit(sample, form).radii(*fresh.flat, 0.5).reshape(fresh.errors.shape)
        within = fresh.errors <= radii
        ends = (level < np.quantile(level, 0.2), level > np.quantile(level, 0.8))
        return np.array([100 * within[end].mean() - 50 for end in ends])

    assert (np.abs(off(calibration.FORM)) < 3).all()
    assert (np.abs(off("these and texture")) > 6).all()


def test_isotonic_radii_hold_what_they_say():
    sample, fresh = drawn(0), drawn(1)
    for p in (0.5, 0.9):
        within = fresh.errors <= isotonic_radii(sample, fresh, p)
        assert within.mean() == pytest.approx(p, abs=0.03)


def test_one_face_is_too_few():
    sample = drawn(0)
    with pytest.raises(ValueError, match="at least 2 faces, found 1"):
        fit(sample.of(np.arange(250) == 0))


def test_features_do_not_depend_on_the_size_of_the_photo():
    landmarks, scales, textures = drawn(0, faces=5).flat
    features = features_of(IBUG68, landmarks, scales, textures)
    assert features.shape == (10, 68, FEATURES)
    enlarged = features_of(IBUG68, 3 * landmarks, 3 * scales, textures)
    np.testing.assert_allclose(enlarged, features)


def test_what_a_part_of_the_face_shares_counts_for_its_landmarks():
    """Errors that grow with the mean scale of the group, whatever the landmark's own."""
    sample, fresh = drawn(0), drawn(1)
    for faces in (sample, fresh):
        logs = np.log(faces.scales / faces.scales.mean(axis=2, keepdims=True))
        for indices in IBUG68.groups.values():
            of = list(indices)
            faces.errors[..., of] *= np.exp(2 * logs[..., of].mean(axis=2, keepdims=True))
    for form, most in (("these and texture", 0.02), ("scale", 1.0)):
        radii = fit(sample, form).radii(*fresh.flat, 0.5).reshape(fresh.errors.shape)
        jaw = list(IBUG68.groups["jaw"])
        level = np.log(fresh.scales[..., jaw] / fresh.scales.mean(axis=2, keepdims=True)).mean(2)
        wide = level > np.quantile(level, 0.8)
        within = (fresh.errors <= radii)[..., jaw][wide].mean()
        assert abs(within - 0.5) < most
        assert form != "scale" or abs(within - 0.5) > 0.04


def test_photos_as_they_are_are_not_left_to_bear_what_corruptions_need():
    """Corrupted faces err twice as much, which no feature tells."""
    sample, fresh = (
        dataclasses.replace(s, errors=s.errors * np.array([1, 2, 2, 2, 2, 2])[:, None, None])
        for s in (drawn(0, faces=80, ways=6), drawn(1, faces=80, ways=6))
    )

    def off(form):
        radii = fit(sample, form).radii(*fresh.flat, 0.5).reshape(fresh.errors.shape)
        return fresh.covered(radii) - 0.5

    before, after = off("these, and a distribution that changes"), off(calibration.FORM)
    assert before[0] > 0.05
    assert 0 < after[0] < 0.8 * before[0]
    # No further than that another way would be farther off than it is worth.
    allowed, others = calibration.TOLERATED
    assert np.abs(after[1:]).max() / others < 1.1 * before[0] / allowed


def test_ways_that_the_radii_fit_badly_come_to_count_more():
    """One of five ways has errors twice as large, which no feature tells."""
    sample = drawn(0, faces=80, ways=6)
    sample = dataclasses.replace(
        sample, errors=sample.errors * np.array([1, 1, 1, 1, 1, 2])[:, None, None]
    )
    counts = np.array([calibration.CLEAN_WEIGHT, 1, 1, 1, 1, 1])
    fitted = fit(sample, "these, and a distribution that changes")
    next_ones = calibration.balanced(counts, fitted, sample)
    assert next_ones[5] > 1.5 * next_ones[1:5].max()
    assert next_ones[0] == pytest.approx(calibration.CLEAN_WEIGHT * next_ones[1:].mean())
    for _ in range(20):
        next_ones = calibration.balanced(next_ones, fitted, sample)
    assert next_ones[1:].max() == pytest.approx(calibration.MOST_COUNTED)


def test_schemes_without_corners_of_the_eyes_are_calibrated():
    sample = drawn(0, faces=120)
    few = range(AFLW19.size)
    arrays = (
        sample.landmarks[:, :, few],
        sample.scales[..., few],
        sample.textures[..., : TEXTURE + AFLW19.size],
    )
    small = ErrorSample(AFLW19, *arrays, sample.errors[..., few], sample.sizes)
    found = fit(small)
    assert np.isfinite(found.confidence(*small.flat)).all()
    within = small.errors <= found.radii(*small.flat, 0.9).reshape(small.errors.shape)
    assert within.mean() == pytest.approx(0.9, abs=0.03)
    assert calibration.FORM in FORMS
