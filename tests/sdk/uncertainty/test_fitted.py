"""Numbers of a calibration, set in the columns of a row."""

import numpy as np

from lapland import Detector
from lapland.uncertainty.features import SPREAD


def test_limits_and_weights_stand_where_their_features_do():
    fitted = Detector(threads=1).model.calibration
    places = fitted.places
    least, most = fitted.row_limits
    np.testing.assert_array_equal(least[places.places], np.repeat(fitted.low[:, None], 68, axis=1))
    np.testing.assert_array_equal(most[places.face][1], fitted.high[SPREAD])
    own, detail, shared, constants = fitted.row_weights
    rows = np.random.default_rng(0).normal(size=(3, places.size))
    features = rows[:, places.places].transpose(0, 2, 1)
    expected = fitted.weights[:, 0] + (features * fitted.weights[:, 1:]).sum(axis=-1)
    found = rows[:, places.own] * own + rows[:, places.detail] * detail
    np.testing.assert_allclose(found + rows[:, places.shared] @ shared + constants, expected)


def test_a_texture_has_a_column_for_each_landmark_beside_those_of_the_crop():
    fitted = Detector(threads=1).model.calibration
    assert fitted.columns == 5 + 68
