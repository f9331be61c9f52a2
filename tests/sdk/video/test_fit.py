"""How sure the landmarks of a face usually are."""

import numpy as np

from lapland.video.fit import Fit, Usual

HERE, THERE = np.ones((5, 2)), 2 * np.ones((5, 2))


def fitted(mean_scale, start):
    none = np.zeros(0, np.float32)
    return Fit(start, np.zeros((0, 2), np.float32), none, none, start, mean_scale, False)


def test_the_usual_mean_scale_falls_at_once_and_rises_slowly():
    usual = Usual()
    assert not usual.is_uneasy(9.0)  # nothing is known of the face yet
    assert not usual.learn(fitted(1.2, HERE), 1 / 30)
    assert usual.mean_scale == 1.2
    assert usual.is_uneasy(1.3)
    assert not usual.is_uneasy(1.25)
    assert usual.learn(fitted(1.4, THERE), 1 / 30)
    assert 1.2 < usual.mean_scale < 1.21
    np.testing.assert_array_equal(usual.five_points, HERE)  # not where it was uneasy
    for _ in range(250):  # the light has gone for good
        usual.learn(fitted(1.4, THERE), 1 / 30)
    assert not usual.is_uneasy(1.4)
    np.testing.assert_array_equal(usual.five_points, THERE)
    usual.learn(fitted(1.1, HERE), 1 / 30)
    assert usual.mean_scale < 1.32
