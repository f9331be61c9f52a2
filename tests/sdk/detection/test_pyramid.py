"""Sizes and places of the levels, against exact means over the area of each pixel."""

import zlib

import cv2
import numpy as np
import pytest

from lapland.crop.halves import Halves
from lapland.detection.pyramid import pyramid

SUMS = [3147769894, 3200037959, 3654538952, 1147057483, 3277124293]
SHAPES = [(480, 640), (481, 643), (97, 1201), (1500, 1203)]


def levels(image, scale=0.3, factor=0.709):
    return list(pyramid(Halves(image), scale=scale, factor=factor, smallest=12))


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("scale", [1.0, 0.6, 0.3, 0.05])
def test_sizes_follow_the_scales(shape, scale):
    height, width = shape
    found = levels(np.zeros((*shape, 3), np.uint8), scale)
    expected = [scale * 0.709**k for k in range(40)]
    expected = [s for s in expected if min(int(height * s), int(width * s)) >= 12]
    assert [s for s, _ in found] == pytest.approx(expected)
    for s, level in found:
        assert level.shape == (int(height * s), int(width * s), 3)
        assert level.dtype == np.float32


@pytest.mark.parametrize("shape", SHAPES)
def test_nothing_is_shifted(shape):
    """A ramp stays the ramp that the mean over each pixel's area gives."""
    height, width = shape
    ramp = np.zeros((*shape, 3), np.uint8)
    ramp[..., 0] = np.linspace(0, 255, width).round()
    ramp[..., 1] = np.linspace(0, 255, height).round()[:, None]
    for _, level in levels(ramp):
        h, w = level.shape[:2]
        exact = cv2.resize(ramp.astype(np.float32), (w, h), interpolation=cv2.INTER_AREA)
        # Half a pixel of the smallest level would be 10 grey values.
        np.testing.assert_allclose(level, exact, atol=2)


def test_much_closer_to_the_exact_means_than_interpolation_alone(image):
    for _, level in levels(image)[1:]:
        size = level.shape[1::-1]
        exact = cv2.resize(image.astype(np.float32), size, interpolation=cv2.INTER_AREA)
        plain = cv2.resize(image.astype(np.float32), size, interpolation=cv2.INTER_LINEAR)
        off = np.abs(level - exact).mean()
        assert off < 0.6 * np.abs(plain - exact).mean()


def test_the_image_is_left_alone(image):
    before = image.copy()
    levels(image)
    np.testing.assert_array_equal(image, before)


def test_full_size_is_the_image_itself(image):
    np.testing.assert_array_equal(levels(image, 1.0)[0][1], image)


def test_every_processor_makes_the_same_pixels():
    """Whole numbers throughout; these sums are those of any processor and of OpenCV 4 and 5."""
    noise = np.random.default_rng(0).integers(0, 256, (97, 131, 3), dtype=np.uint8)
    found = levels(noise, 0.5, 0.709)
    sums = [zlib.crc32((level * 128).astype(np.uint16).tobytes()) for _, level in found]
    assert sums == SUMS
    assert all((level * 128 == (level * 128).round()).all() for _, level in found)
