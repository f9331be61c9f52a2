"""An image and its halves: each made once, exact where sides are even, and shared by the crops."""

import numpy as np
import pytest

from lapland.crop.halves import Halves, half_size, resized


def test_the_half_of_an_even_size_is_the_mean_of_its_pixels():
    noise = np.random.default_rng(1).integers(0, 256, (64, 48, 3), dtype=np.uint8)
    four = noise.reshape(32, 2, 24, 2, 3).astype(int).sum(axis=(1, 3))
    np.testing.assert_array_equal(Halves(noise).above(16, 20), (four + 2) >> 2)


def test_each_half_is_made_once():
    noise = np.random.default_rng(2).integers(0, 256, (240, 320, 3), dtype=np.uint8)
    halves = Halves(noise)
    half = halves.at(160, 120)
    assert halves.at(160, 120) is half
    assert halves.above(64, 48) is halves.at(80, 60)  # which comes from the half
    np.testing.assert_array_equal(half, Halves(noise).at(160, 120))
    assert halves.at(150, 120) is not halves.at(150, 120)  # other sizes are not kept


@pytest.mark.parametrize("shape", [(480, 640), (484, 648), (481, 643), (482, 641), (97, 1201)])
@pytest.mark.parametrize("times", [0, 1, 2, 3])
@pytest.mark.parametrize("made", [0, 1, 2])
def test_a_part_is_the_same_whether_halves_are_made_or_not(shape, times, made):
    noise = np.random.default_rng(3).integers(0, 256, (*shape, 3), dtype=np.uint8)
    halves = Halves(noise)
    halves.above(*(side // 3 >> made for side in shape[::-1]))
    shrink = 1 << times
    top, bottom, left, right = 2 * shrink, 11 * shrink, 3 * shrink, 10 * shrink
    expected = noise[top:bottom, left:right]
    for _ in range(times):
        expected = resized(expected, half_size(expected))
    part = halves.part(slice(top, bottom), slice(left, right), times)
    np.testing.assert_array_equal(part, expected)


def test_a_part_comes_from_the_half_that_is_made():
    halves = Halves(np.random.default_rng(4).integers(0, 256, (480, 640, 3), dtype=np.uint8))
    half = halves.at(320, 240)
    part = halves.part(slice(64, 192), slice(32, 96), 1)
    assert np.shares_memory(part, half)
    np.testing.assert_array_equal(part, half[32:96, 16:48])


def test_an_image_that_has_halves_keeps_them():
    image = np.zeros((8, 6, 3), np.uint8)
    halves = Halves.of(image)
    assert halves.image is image
    assert Halves.of(halves) is halves


@pytest.mark.parametrize("way", [np.s_[::-1, ::-1], np.s_[:, 3:60], np.s_[..., ::-1]])
def test_a_view_is_read_in_place_for_a_part_and_is_as_good_as_a_copy(way):
    view = np.random.default_rng(5).integers(0, 256, (80, 64, 3), dtype=np.uint8)[way]
    halves, copied = Halves(view), Halves(view.copy())
    part = halves.part(slice(8, 40), slice(0, 32), 0)
    assert np.shares_memory(part, view)
    for times in (0, 1, 2):
        parts = (h.part(slice(8, 40), slice(0, 32), times) for h in (halves, copied))
        np.testing.assert_array_equal(*parts)
    np.testing.assert_array_equal(halves.at(24, 30), copied.at(24, 30))
    assert halves.above(64, 80) is halves.above(60, 75)  # one copy, however often it is asked for
