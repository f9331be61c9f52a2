import cv2
import numpy as np
import pytest

from lapland.crop import square
from training.data.augment import Augmentation, change_pixels, jitter

FULL = Augmentation(
    rotation=15, zoom=0.15, shift=0.04, flip=0.5, light=1, grey=0.3, blur=1, noise=1, occlusion=1
)


def test_no_augmentation_leaves_the_crop_alone():
    matrix = np.array([[1.5, 0.2, 30.0], [-0.2, 1.5, 40.0]])
    rng = np.random.default_rng(0)
    moved, flipped = jitter(matrix, 80, Augmentation(), rng)
    np.testing.assert_allclose(moved, matrix, atol=1e-12)
    assert not flipped
    crop = rng.integers(0, 256, (80, 80, 3), dtype=np.uint8)
    np.testing.assert_array_equal(change_pixels(crop, Augmentation(), rng), crop)


def test_points_follow_the_picture_through_every_jitter():
    image = np.zeros((300, 300, 3), np.uint8)
    dot = np.array([160.0, 140.0])
    cv2.circle(image, (160, 140), 5, (255, 255, 255), cv2.FILLED)
    matrix = np.array([[2.0, 0, 75.0], [0, 2.0, 60.0]])
    flips = set()
    for seed in range(40):
        moved, flipped = jitter(matrix, 80, FULL, np.random.default_rng(seed))
        flips.add(flipped)
        crop = square.cut(image, moved, 80)[..., 0].astype(float)
        y, x = np.mgrid[:80, :80]
        centre = [(crop * x).sum() / crop.sum(), (crop * y).sum() / crop.sum()]
        expected = square.to_crop(dot[None, None], moved[None])[0, 0]
        np.testing.assert_allclose(centre, expected, atol=0.15)
    assert flips == {False, True}


def test_flip_mirrors_the_crop_exactly():
    rng = np.random.default_rng(0)
    image = cv2.GaussianBlur(rng.integers(0, 256, (200, 200, 3), dtype=np.uint8), (0, 0), 2)
    matrix = np.array([[1.7, 0.1, 20.0], [-0.1, 1.7, 25.0]])
    moved, flipped = jitter(matrix, 80, Augmentation(flip=1.0), rng)
    assert flipped
    plain, mirrored = square.cut(image, matrix, 80), square.cut(image, moved, 80)
    assert np.abs(plain[:, ::-1].astype(int) - mirrored).max() <= 2  # rounding of the warp


@pytest.mark.parametrize("name", ["light", "grey", "blur", "noise", "occlusion"])
def test_each_change_of_pixels_acts_and_keeps_the_form(name):
    rng = np.random.default_rng(1)
    crop = cv2.GaussianBlur(rng.integers(0, 256, (80, 80, 3), dtype=np.uint8), (0, 0), 1)
    before = crop.copy()
    for seed in range(12):  # every kind of the change
        out = change_pixels(crop, Augmentation(**{name: 1.0}), np.random.default_rng(seed))
        assert out.shape == (80, 80, 3)
        assert out.dtype == np.uint8
        assert not np.array_equal(out, before)
    np.testing.assert_array_equal(crop, before)  # the original is not written to


def test_little_light_leaves_a_part_of_it_and_noise():
    rng = np.random.default_rng(0)
    crop = np.full((80, 80, 3), 160, np.uint8)
    seen = [change_pixels(crop, Augmentation(dark=1.0), rng) for _ in range(50)]
    light = [picture.mean() / 160 for picture in seen]
    assert min(light) < 0.1
    assert max(light) < 0.75
    assert all(picture.std() > 0.2 for picture in seen)


def test_blur_reaches_as_far_as_it_is_told():
    rng = np.random.default_rng(0)
    crop = rng.integers(0, 256, (80, 80, 3), dtype=np.uint8)

    def least_left(how):
        return min(change_pixels(crop, how, rng).std() for _ in range(40))

    mild = least_left(Augmentation(blur=1.0))
    strong = least_left(Augmentation(blur=1.0, most_blur=6.0, least_pixels=0.2))
    assert strong < 0.6 * mild
