"""The networks answer as the detector does."""

import numpy as np
import pytest

from lapland import Detector
from lapland.crop.square import crop_matrices, steps
from lapland.schemes.five_points import five_of
from lapland.video.portrait import portrait_pixel
from tests.videos import one_face


def test_a_fit_is_what_the_detector_gives(networks, detector, frame):
    faces = detector.predict(frame)
    (fit,) = networks.fit(frame, faces.five_points.astype(float))
    np.testing.assert_allclose(fit.landmarks, faces.landmarks[0], atol=1e-3)
    np.testing.assert_allclose(
        fit.five_points, five_of(networks.scheme, faces.landmarks)[0], atol=1e-3
    )
    info = detector.model
    square = {"factor": info.crop_factor, "size": info.size, "upright": info.crop_upright}
    (step,) = steps(crop_matrices(faces.five_points, **square))
    assert fit.mean_scale == pytest.approx(faces.scales.mean() / step, rel=1e-3)  # crop pixels
    assert not fit.unsure


def test_a_search_near_a_place_finds_the_face_there(networks, detector):
    (face,) = detector.predict(one_face()).five_points.astype(float)
    (found,) = networks.near(one_face(), face + 20.0)
    np.testing.assert_allclose(found, face, atol=8)
    assert networks.near(one_face(), face + 5000.0).shape == (0, 5, 2)  # outside the image


def test_crops_of_other_sizes_give_mean_scales_in_pixels_of_the_portrait(peaks):
    own = portrait_pixel(Detector(model=peaks).model)
    model = Detector(model=peaks).model
    assert own == pytest.approx(3.0 / 80 / (model.crop_factor / model.size))
