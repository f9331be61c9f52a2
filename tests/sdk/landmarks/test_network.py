"""The landmark network on crops: its maps, in whatever order a file holds them, and decoders."""

import dataclasses

import numpy as np
import pytest

from lapland import ModelError, OptionError
from lapland.landmarks.decoders import DECODERS, DEFAULT_DECODER
from lapland.landmarks.network import LandmarkNetwork
from lapland.networks import index, loading
from lapland.schemes.five_points import five_of


def crops(count):
    """Gradients, (count, 80, 80, 3) uint8."""
    y, x = np.mgrid[:80, :80]
    slopes = np.random.default_rng(0).uniform(-3, 3, (count, 2, 3))
    values = (
        128 + slopes[:, 0] * (x - 40)[..., None, None] + slopes[:, 1] * (y - 40)[..., None, None]
    )
    return np.moveaxis(values, 2, 0).clip(0, 255).astype(np.uint8)


def maps_of(path, images):
    """Heatmaps (N, K, S, S) of a file, as a decoder is given them."""
    network, seen = LandmarkNetwork(path, threads=1, decoder="local"), []
    decode = network.decode
    network.decode = lambda maps, stride: seen.append(maps) or decode(maps, stride)
    network.run(images)
    return np.concatenate(seen)


@pytest.mark.parametrize("name", ["rcn-1-16", "rcn-1-16-int8", "rcn-1-4-lite", "rcn-1-4-lite-int8"])
def test_landmarks_are_the_softargmax_of_the_heatmaps(name):
    path = index.path(name)
    network = LandmarkNetwork(path, threads=1)
    images = crops(5)  # more than one run takes
    maps = maps_of(path, images)
    side = 40 if "lite" in name else 80
    assert maps.shape == (5, 68, side, side)
    assert maps.dtype == np.float32
    p = np.exp(maps.astype("f8") - maps.max((2, 3), keepdims=True))
    p /= p.sum((2, 3), keepdims=True)
    grid = (np.arange(side) + 0.5) * 80 / side - 0.5
    expected = np.stack([p.sum(2) @ grid, p.sum(3) @ grid], -1)
    found, _ = network.run(images)
    np.testing.assert_allclose(found, expected, atol=1e-3)
    assert found.std(axis=1).min() > 0.5  # no maps so flat that any order would do


def test_maps_are_told_apart_by_their_shape(peaks, tmp_path):
    onnx = pytest.importorskip("onnx")
    model = onnx.load(peaks)
    (maps,) = (o for o in model.graph.output if o.name == "heatmaps")
    path = tmp_path / "model.onnx"

    model.graph.output.remove(maps)
    path.write_bytes(model.SerializeToString())
    network = LandmarkNetwork(path, threads=1)
    assert network.run(crops(1))[0].shape == (1, 68, 2)
    with pytest.raises(ModelError, match=r"expected 'heatmaps' .* found \['landmarks', 'scales'\]"):
        LandmarkNetwork(path, threads=1, decoder="local")

    for node in model.graph.node:
        node.output[:] = ["by_landmark" if o == "heatmaps" else o for o in node.output]
        node.input[:] = ["by_landmark" if i == "heatmaps" else i for i in node.input]
    by_pixel = onnx.helper.make_node("Transpose", ["by_landmark"], ["heatmaps"], perm=[0, 2, 3, 1])
    model.graph.node.append(by_pixel)
    shape = ["N", 80, 80, 68]
    model.graph.output.append(onnx.helper.make_tensor_value_info("heatmaps", 1, shape))
    path.write_bytes(model.SerializeToString())
    np.testing.assert_array_equal(maps_of(path, crops(2)), maps_of(peaks, crops(2)))

    model.graph.node[-1].attribute[0].ints[:] = [0, 2, 1, 3]
    model.graph.output[-1].CopyFrom(
        onnx.helper.make_tensor_value_info("heatmaps", 1, ["N", 80, 68, 80])
    )
    path.write_bytes(model.SerializeToString())
    with pytest.raises(ModelError, match=r"expected 'heatmaps' as .*\(N, 68, S, S\) or .*found"):
        LandmarkNetwork(path, threads=1)


@pytest.mark.parametrize("name", ["rcn-1-16", "rcn-1-4-lite-int8"])
@pytest.mark.parametrize("decoder", [d for d in DECODERS if d != DEFAULT_DECODER])
def test_decoders_read_the_same_maps_otherwise(name, decoder):
    path = index.path(name)
    images = crops(5)
    mean, scales = LandmarkNetwork(path, threads=1).run(images)
    found, same = LandmarkNetwork(path, threads=1, decoder=decoder).run(images)
    np.testing.assert_array_equal(same, scales)
    assert found.shape == mean.shape
    assert found.dtype == np.float32
    assert ((found >= 0) & (found <= 79)).all()
    assert np.abs(found - mean).max() > 0


def test_the_third_and_fourth_look_lie_about_the_landmarks_of_the_first_two(image):
    path = index.path("rcn-1-4-lite")
    two, four = (LandmarkNetwork(path, threads=1, looks=looks) for looks in (2, 4))
    five = np.array([[[203, 104], [242, 104], [223, 125], [207, 142], [240, 142]]]) + 4.0
    first = two.locate(image, five, textured=True)
    again = two.locate(image, five_of(two.info.scheme, first.landmarks))
    assert np.abs(again.landmarks - first.landmarks).max() > 0.1
    found = four.locate(image, five, textured=True)
    np.testing.assert_allclose(found.landmarks, (first.landmarks + again.landmarks) / 2, atol=1e-4)
    np.testing.assert_allclose(found.scales, (first.scales + again.scales) / 2, atol=1e-5)
    # What belongs to a crop is that of the first.
    np.testing.assert_array_equal(found.textures, first.textures)
    np.testing.assert_array_equal(found.steps, first.steps)
    assert four.locate(image, five[:0]).landmarks.shape == (0, 68, 2)


def test_a_scheme_without_pairs_has_one_look(monkeypatch):
    path = index.path("rcn-1-16")
    session, info = loading.load(path, 1)
    alone = dataclasses.replace(info.scheme, name="alone", mirror=tuple(range(68)))
    own = dataclasses.replace(info, scheme=alone)
    monkeypatch.setattr(loading, "load", lambda *_: (session, own))
    LandmarkNetwork(path)
    with pytest.raises(OptionError, match=r"expected a scheme with pairs.*; alone has none"):
        LandmarkNetwork(path, looks=2)
