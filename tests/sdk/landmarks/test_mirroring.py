"""Landmarks from crops and their mirror images."""

import pickle

import numpy as np
import pytest

from lapland import Detector
from lapland.landmarks.mirroring import averaged, with_mirror_images
from lapland.landmarks.network import LandmarkNetwork
from lapland.networks import index
from lapland.schemes.ibug68 import IBUG68

MIRROR = list(IBUG68.mirror)


def noise(count):
    return np.random.default_rng(3).integers(0, 256, (count, 80, 80, 3), dtype=np.uint8)


def mirrored(landmarks):
    """Landmarks (N, 68, 2) in crops -> those of the mirror images."""
    other = landmarks[:, MIRROR].copy()
    other[..., 0] = 79 - other[..., 0]
    return other


def test_both_looks_count_alike_and_landmarks_change_places():
    crops = noise(2)
    truth = np.random.default_rng(4).uniform(10, 70, (2, 68, 2)).astype(np.float32)
    scales = np.random.default_rng(5).uniform(1, 2, (2, 68)).astype(np.float32)

    images = with_mirror_images(crops)
    np.testing.assert_array_equal(images[:2], crops)
    np.testing.assert_array_equal(images[2:], crops[:, :, ::-1])
    # Exact, but for 3 pixels to the right in either picture, and with sure mirror images.
    places = np.concatenate([truth, mirrored(truth)])
    places[..., 0] += 3
    both = places, np.concatenate([scales, scales[:, MIRROR] / 2])
    found, spread = averaged(both, IBUG68, 80)
    np.testing.assert_allclose(found, truth, atol=1e-4)  # a shift to one side cancels out
    np.testing.assert_allclose(spread, 0.75 * scales, rtol=1e-6)
    assert found.dtype == spread.dtype == np.float32


@pytest.mark.parametrize("name", ["rcn-1-4-lite", "open-mobile-int8"])
def test_a_mirrored_crop_has_the_mirrored_landmarks(name):
    crops = noise(3)  # with their mirror images more than one run takes
    plain = LandmarkNetwork(index.path(name), threads=1)
    twice = LandmarkNetwork(index.path(name), threads=1, looks=2)
    found, scales = twice.run(crops)
    other, other_scales = twice.run(crops[:, :, ::-1])
    np.testing.assert_allclose(other, mirrored(found), atol=1e-3)
    np.testing.assert_allclose(other_scales, scales[:, MIRROR], atol=1e-3)
    alone, back = plain.run(crops)[0], mirrored(plain.run(crops[:, :, ::-1])[0])
    np.testing.assert_allclose(found, (alone + back) / 2, atol=1e-3)
    assert np.abs(alone - back).max() > 0.1  # a network is not symmetric by itself


def test_a_detector_looks_twice_if_it_is_asked_to(image):
    plain, detector = Detector(), Detector(looks=2)
    faces, found = plain.predict(image), detector.predict(image)
    apart = np.linalg.norm(found.landmarks - faces.landmarks, axis=-1)
    assert 0 < apart.mean() < 0.01 * np.ptp(faces.landmarks[0, :, 0])
    np.testing.assert_array_equal(found.boxes, faces.boxes)
    again = pickle.loads(pickle.dumps(detector)).predict(image)
    np.testing.assert_array_equal(again.landmarks, found.landmarks)

    def apart_in_a_mirror(one, expected):
        back = one.predict(image, five_points=five[None]).landmarks
        other = one.predict(image[:, ::-1], five_points=turned[None]).landmarks[:, MIRROR]
        other[..., 0] = image.shape[1] - 1 - other[..., 0]
        np.testing.assert_allclose(back, expected.landmarks, atol=3)
        return np.abs(other - back).mean()

    five = faces.five_landmarks[0].astype(np.float64)
    turned = five[[1, 0, 2, 4, 3]] * [-1, 1] + [image.shape[1] - 1, 0]
    assert apart_in_a_mirror(detector, found) < 0.02  # pixels of the photo
    assert apart_in_a_mirror(plain, faces) > 0.2
