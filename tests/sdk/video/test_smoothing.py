"""One Euro on landmarks: noise, lag, certainty, and times that are not regular."""

import numpy as np
import pytest

from lapland import OptionError
from lapland.video.smoothing import STRENGTHS, Smoother, strength_named

K = 68
SHAPE = np.random.default_rng(0).uniform(-50, 50, (K, 2)) + 200
SURE = np.full(K, 1.0, np.float32)  # 0.025 radii of the face


def smoothed(places, scales=SURE, strength="light", seconds=1 / 30):
    smoother = Smoother(STRENGTHS[strength])
    times = np.broadcast_to(seconds, len(places))
    return np.stack([smoother(p, scales, t) for p, t in zip(places, times, strict=True)])


def noise(frames, sigma=0.5, seed=1):
    return np.random.default_rng(seed).normal(0, sigma, (frames, K, 2))


def jitter(places):
    return np.linalg.norm(np.diff(places, axis=0), axis=2).mean()


def test_off_passes_landmarks_on():
    places = SHAPE + noise(5)
    np.testing.assert_array_equal(smoothed(places, strength="off"), places.astype(np.float32))


@pytest.mark.parametrize("strength", ["light", "strong"])
def test_the_first_frame_is_passed_on_and_a_still_face_stays(strength):
    places = np.repeat(SHAPE[None], 20, axis=0)
    result = smoothed(places, strength=strength)
    assert result.dtype == np.float32
    np.testing.assert_array_equal(result, places.astype(np.float32))


def test_noise_is_smoothed_and_more_of_it_by_strong():
    places = SHAPE + noise(120)
    light, strong = (jitter(smoothed(places, strength=s)) for s in ("light", "strong"))
    assert strong < 0.7 * light
    assert light < 0.6 * jitter(places)
    assert np.abs(smoothed(places)[60:].mean(axis=0) - SHAPE).max() < 0.5


@pytest.mark.parametrize(("strength", "frames"), [("light", 0.5), ("strong", 1.0)])
def test_a_moving_face_hardly_lags(strength, frames):
    speed = np.array([8.0, 0])  # pixels a frame
    places = SHAPE + np.arange(60)[:, None, None] * speed
    behind = (places - smoothed(places, strength=strength))[-1].mean(axis=0)
    assert 0 < behind[0] < frames * speed[0]
    assert abs(behind[1]) < 0.01


def test_noise_is_smoothed_as_well_where_the_face_moves():
    way = np.cumsum(np.full((120, 1, 2), [6.0, 2.0]), axis=0)
    still = smoothed(SHAPE + noise(120))
    moving = smoothed(SHAPE + way + noise(120)) - way
    assert jitter(moving[60:]) < 1.2 * jitter(still[60:])


def test_a_mouth_that_moves_does_not_move_the_rest():
    ways = np.where(np.arange(K)[:, None] < K // 4, [5.0, 0], 0)
    result = smoothed(SHAPE + np.sin(np.arange(40))[:, None, None] * ways)
    np.testing.assert_allclose(result[:, K // 4 :], np.broadcast_to(SHAPE, (40, K, 2))[:, K // 4 :])
    assert np.ptp(result[:, 0, 0]) > 5


def test_unsure_landmarks_are_smoothed_more():
    places = SHAPE + noise(200)
    scales = SURE.copy()
    scales[::2] = 8  # 0.2 radii
    result = smoothed(places, scales)
    assert jitter(result[:, ::2]) < 0.5 * jitter(result[:, 1::2])
    assert np.abs(result[:, 1::2] - smoothed(places)[:, 1::2]).max() < 0.1


def test_near_and_far_faces_are_smoothed_alike():
    places = SHAPE + noise(30)
    np.testing.assert_allclose(smoothed(4 * places, 4 * SURE), 4 * smoothed(places), rtol=1e-5)


def test_time_counts_not_frames():
    """The same motion, taken at other moments, is smoothed to nearly the same."""
    ways = np.where(np.arange(K)[:, None] < K // 4, [30.0, 0], 0)  # of a mouth, not of the face
    rng = np.random.default_rng(2)
    regular = np.arange(0, 3, 1 / 60)
    irregular = np.cumsum(rng.uniform(0.008, 0.026, 200))
    irregular = irregular[irregular < 2.9]

    def run(times):
        places = SHAPE + np.sin(2 * np.pi * times)[:, None, None] * ways
        result = smoothed(places, strength="strong", seconds=np.diff(times, prepend=times[0]))
        return result[:, 0, 0]

    a, b = run(regular), run(irregular)
    late = irregular > 0.5
    at = np.interp(irregular[late], regular, a)
    assert np.abs(at - b[late]).max() < 0.5  # of 30 px
    places = SHAPE + np.sin(2 * np.pi * regular)[:, None, None] * ways
    as_if_regular = smoothed(places, strength="strong")
    assert np.abs(as_if_regular[:, 0, 0] - a).max() > 0.5  # so the times did count


@pytest.mark.parametrize("seconds", [0.0, -1.0])
def test_repeated_times_count_as_one_frame(seconds):
    places = SHAPE + noise(10)
    np.testing.assert_array_equal(smoothed(places, seconds=seconds), smoothed(places))


@pytest.mark.parametrize("seconds", [1e-9, 1e6])
def test_odd_times_give_numbers_between_old_and_new(seconds):
    places = SHAPE + noise(10)
    result = smoothed(places, seconds=seconds)
    assert np.isfinite(result).all()
    assert np.abs(result - SHAPE).max() < 3


def test_all_landmarks_in_one_point():
    result = smoothed(np.zeros((5, K, 2)), np.zeros(K, np.float32))
    np.testing.assert_array_equal(result, 0)


@pytest.mark.parametrize("wrong", ["none", "", None, 1, ["light"]])
def test_strengths_have_names(wrong):
    assert strength_named("off") is None
    with pytest.raises(OptionError, match='"off", "light", "strong"'):
        strength_named(wrong)


def test_a_landmark_of_twice_the_scale_takes_a_quarter_of_the_step():
    """The cut-off falls with the square of the scale, as the weight of a measurement does."""
    moved = SHAPE.copy()
    moved[0, 0] += 1.0  # one of many, so the face as a whole stays
    steps = []
    for scale in (10.0, 20.0):  # both above the scale up to which a landmark counts as sure
        after = smoothed([SHAPE, moved], scales=np.full(K, scale, np.float32), seconds=1e-3)
        steps.append(after[1, 0, 0] - after[0, 0, 0])
    assert steps[0] > 0
    assert steps[1] == pytest.approx(steps[0] / 4, rel=0.05)
