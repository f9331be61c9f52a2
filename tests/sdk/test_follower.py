import numpy as np
import pytest

from lapland import Detector
from lapland._follower import Follower
from lapland._smoothing import FRAME, Smoother
from lapland._tracker import UNSURE
from lapland._tracks import Track
from tests.videos import video


@pytest.fixture(scope="module")
def frame():
    return video("still", 1)[0].image


@pytest.fixture
def follower(detector):
    return Follower(detector, UNSURE)


def tracked(follower, detector, frame):
    """A track that has found the face of the frame where the detector does."""
    track = Track(detector.predict(frame).five_points[0].astype(float), Smoother(None))
    follower.advance(frame, [track], FRAME)
    return track


def larger(five, factor):
    return (five - five.mean(axis=0)) * factor + five.mean(axis=0)


def test_a_fit_is_what_the_detector_gives(follower, detector, frame):
    faces = detector.predict(frame)
    fit = follower.fit(frame, faces.five_points.astype(float))
    np.testing.assert_allclose(fit.landmarks, faces.landmarks, atol=1e-3)
    np.testing.assert_allclose(fit.five[0], follower.five_of(faces.landmarks)[0], atol=1e-3)
    assert fit.doubts[0] == pytest.approx(1.1, abs=0.15)


def test_landmarks_that_stray_start_again_from_where_they_were_sure(follower, detector, frame):
    track = tracked(follower, detector, frame)
    truth, usual = track.landmarks.copy(), track.doubt
    lost = larger(track.five, 2.0)  # as if the mouth had been seen in the collar
    strayed = follower.fit(frame, lost[None])
    assert strayed.doubts[0] > 1.06 * usual  # what tells it
    off = np.abs(strayed.landmarks[0] - truth).max()
    track.five = lost
    follower.advance(frame, [track], FRAME)
    assert np.abs(track.landmarks - truth).max() < 0.2 * off
    assert track.doubt < strayed.doubts[0]


def test_no_second_run_where_nothing_is_unusual(follower, detector, frame, monkeypatch):
    track = tracked(follower, detector, frame)
    runs = []
    fit = follower.fit
    monkeypatch.setattr(follower, "fit", lambda *a: (runs.append(1), fit(*a))[1])
    for _ in range(3):
        follower.advance(frame, [track], FRAME)
    assert len(runs) == 3


def test_each_takes_the_surer_of_two_fits(follower, detector, frame):
    five = detector.predict(frame).five_points.astype(float)[0]
    good, bad = (follower.fit(frame, np.stack([p, p])) for p in (five, larger(five, 2.0)))
    both = follower.fit(frame, np.stack([five, larger(five, 2.0)]))
    both.improve([0, 1], follower.fit(frame, np.stack([larger(five, 2.0), five])), [1.0, 1.0])
    assert bad.doubts[0] > good.doubts[0]
    for row in range(2):
        np.testing.assert_allclose(both.landmarks[row], good.landmarks[0], atol=1e-3)
        np.testing.assert_allclose(both.starts[row], five)


def test_a_fit_may_be_favoured(follower, detector, frame):
    five = detector.predict(frame).five_points.astype(float)
    first, other = (follower.fit(frame, points) for points in (five, larger(five, 1.1)))
    ratio = other.doubts[0] / first.doubts[0]
    first.improve([0], other, [0.99 * ratio])
    np.testing.assert_array_equal(first.starts, five)
    first.improve([0], other, [1.01 * ratio])
    np.testing.assert_array_equal(first.starts, other.starts)
    np.testing.assert_array_equal(first.textures, other.textures)


def test_the_crop_of_an_unsure_face_keeps_its_size(follower, detector, frame):
    track = tracked(follower, detector, frame)
    shape = track.five - track.five.mean(axis=0)
    dark = (frame * 0.01).astype(np.uint8)
    for _ in range(8):
        follower.advance(dark, [track], FRAME)
    assert track.unsure
    strayed = follower.five_of(track.landmarks[None])[0]
    assert np.abs(strayed - strayed.mean(axis=0) - shape).max() > 5  # what its crops would follow
    np.testing.assert_allclose(track.five - track.five.mean(axis=0), shape, atol=2)


def test_the_usual_doubt_falls_at_once_and_rises_slowly():
    track = Track(np.zeros((5, 2)), Smoother(None))
    start = np.ones((5, 2))
    assert not track.is_uneasy(9.0)  # nothing is known of it yet
    track.doubt = 1.2
    track.get_used(start)
    assert track.usual == 1.2
    assert track.is_uneasy(1.3)
    assert not track.is_uneasy(1.25)
    track.doubt = 1.4
    track.get_used(2 * start)
    assert 1.2 < track.usual < 1.21
    np.testing.assert_array_equal(track.easy_five, start)  # not where it was uneasy
    for _ in range(200):  # the light has gone, and it is so now
        track.get_used(2 * start)
    assert not track.is_uneasy(1.4)
    np.testing.assert_array_equal(track.easy_five, 2 * start)
    track.doubt = 1.1
    track.get_used(start)
    assert track.usual < 1.32


def test_no_tracks_cost_nothing(follower, frame):
    follower.advance(frame, [], FRAME)


def test_crops_of_other_sizes_give_doubts_in_pixels_of_the_portrait(peaks):
    from lapland._tracks import portrait_step

    own = portrait_step(Detector(model=peaks).model)
    model = Detector(model=peaks).model
    assert own == pytest.approx(3.0 / 80 / (model.crop_factor / model.size))
