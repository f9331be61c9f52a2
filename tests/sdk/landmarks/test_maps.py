"""Layout of heatmaps in memory, and their pixels in the crop."""

import numpy as np

from lapland.landmarks.maps import channels_last, in_crop


def test_maps_of_float32_networks_lie_map_by_map():
    maps = np.arange(2 * 3 * 4 * 5, dtype=np.float32).reshape(2, 3, 4, 5)
    flat, pixelwise = channels_last(maps)
    assert not pixelwise
    np.testing.assert_array_equal(flat, maps.ravel())


def test_maps_of_int8_networks_lie_pixel_by_pixel():
    stored = np.arange(2 * 4 * 5 * 3, dtype=np.float32).reshape(2, 4, 5, 3)
    flat, pixelwise = channels_last(stored.transpose(0, 3, 1, 2))
    assert pixelwise
    np.testing.assert_array_equal(flat, stored.ravel())
    assert np.shares_memory(flat, stored)


def test_other_layouts_are_copied():
    maps = np.arange(2 * 3 * 4 * 5, dtype=np.float32).reshape(2, 3, 5, 4).transpose(0, 1, 3, 2)
    flat, pixelwise = channels_last(maps)
    assert not pixelwise
    np.testing.assert_array_equal(flat, np.ascontiguousarray(maps).ravel())


def test_pixels_of_a_map_lie_in_the_middle_of_those_of_the_crop():
    x, y = np.array([0.0, 39.0]), np.array([0.0, 10.5])
    np.testing.assert_array_equal(in_crop(x, y, 1), [[0, 0], [39, 10.5]])
    np.testing.assert_array_equal(in_crop(x, y, 2), [[0.5, 0.5], [78.5, 21.5]])
    assert in_crop(x[:0], y[:0], 2).shape == (0, 2)
