import numpy as np

from tests.training.calibration.test_fit import drawn
from training.calibration.fit import fit
from training.calibration.measuring import confidences_of, fitted_apart, joined
from training.calibration.reliability import coverages


def test_no_face_is_judged_by_a_calibration_that_saw_it():
    sample = drawn(3, faces=10)
    parts = fitted_apart(sample, folds=2)
    masks = np.stack([faces for faces, _ in parts])
    assert (masks.sum(axis=0) == 1).all()
    for faces, calibration in parts:
        assert calibration.to_json() == fit(sample.of(~faces)).to_json()


def test_parts_are_joined_in_the_order_of_the_faces():
    sample = drawn(4, faces=100)
    parts = fitted_apart(sample, folds=2)
    radii = joined(parts, sample)
    np.testing.assert_allclose(100 * coverages(radii, sample), [[50, 90]] * 2, atol=5)
    confidences = confidences_of(parts, sample)
    for faces, calibration in parts:
        some = sample.of(faces)
        half = calibration.radii(*some.flat, 0.5).reshape(some.scales.shape)
        np.testing.assert_allclose(radii[0][:, faces], half)
        there = calibration.confidence(*some.flat).reshape(2, -1)
        np.testing.assert_allclose(confidences[:, faces], there)
