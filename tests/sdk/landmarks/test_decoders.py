import numpy as np
import pytest

from lapland.landmarks.barycenter import FLOOR
from lapland.landmarks.decoders import DECODERS

# Every row of the table; None is the decoding of the graph.
HERE = {name: decode for name, decode in DECODERS.items() if decode is not None}
EACH = pytest.mark.parametrize("decode", list(HERE.values()), ids=list(HERE))


def _maps(centres, side, scale, stride=1):
    """Log of Laplace distributions about (N, K, 2) centres, crop pixels."""
    grid = np.arange(side) * stride + (stride - 1) / 2
    x, y = (np.abs(grid - c[..., None]) / scale for c in np.moveaxis(centres, -1, 0))
    return -(y[..., :, None] + x[..., None, :]).astype(np.float32)


def _centres(n=3, k=7, low=20, high=60, seed=0):
    return np.random.default_rng(seed).uniform(low, high, (n, k, 2))


@EACH
@pytest.mark.parametrize("stride", [1, 2])
def test_subpixel_locations_are_found(decode, stride):
    centres = _centres()
    found = decode(_maps(centres, 80 // stride, 2.0, stride), stride)
    assert found.shape == (3, 7, 2)
    assert found.dtype == np.float32
    assert np.abs(found - centres).max() < 0.35
    assert np.abs(found - centres).mean() < 0.1  # the nearest pixel would be off by a quarter


@EACH
@pytest.mark.parametrize("stride", [1, 2])
def test_maps_that_lie_pixel_by_pixel_give_the_same(decode, stride):
    rng = np.random.default_rng(1)
    maps = _maps(_centres(), 80 // stride, 1.5, stride)
    maps += rng.normal(0, 0.5, maps.shape).astype(np.float32)
    other = np.moveaxis(np.ascontiguousarray(np.moveaxis(maps, 1, 3)), 3, 1)
    assert other.strides != maps.strides
    np.testing.assert_allclose(decode(other, stride), decode(maps, stride), atol=1e-4)


@EACH
def test_a_face_is_decoded_as_it_is_alone(decode):
    maps = _maps(_centres(), 40, 1.5, 2)
    together = decode(maps, 2)
    for i in range(3):
        np.testing.assert_allclose(decode(maps[i : i + 1], 2)[0], together[i], atol=1e-4)


@EACH
def test_what_is_far_away_does_not_count(decode):
    centres = np.array([[[20.0, 24.0]]])
    maps = _maps(centres, 80, 1.0)
    p = np.exp(maps)
    p[..., 70, 70] += 0.9 * FLOOR * p.max()
    p += 1e-4 * p.max()
    found = decode(np.log(p), 1)
    assert np.abs(found - centres).max() < 0.1
    grid = np.arange(80)
    mean = (p.sum(axis=2) @ grid) / p.sum(axis=(2, 3))
    assert abs(mean.item() - 20) > 1  # a mean over all of the map does see it


@EACH
def test_what_is_added_to_a_map_changes_nothing(decode):
    maps = _maps(_centres(), 40, 1.5, 2)
    more = np.random.default_rng(0).uniform(-50, 50, (3, 7, 1, 1)).astype(np.float32)
    np.testing.assert_allclose(decode(maps + more, 2), decode(maps, 2), atol=1e-3)


@EACH
def test_peaks_at_the_border_and_flat_maps_stay_in_the_crop(decode):
    maps = np.zeros((1, 5, 40, 40), np.float32)
    for i, (row, column) in enumerate([(0, 0), (0, 39), (39, 0), (39, 39)]):
        maps[0, i, row, column] = 30
    found = decode(maps, 2)[0]
    np.testing.assert_allclose(found[:4], [[0.5, 0.5], [78.5, 0.5], [0.5, 78.5], [78.5, 78.5]])
    assert ((found >= 0) & (found <= 79)).all()


@EACH
def test_no_faces(decode):
    assert decode(np.zeros((0, 7, 40, 40), np.float32), 2).shape == (0, 7, 2)
