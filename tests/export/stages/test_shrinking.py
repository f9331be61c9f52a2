"""Smaller sizes of a photo are those of the SDK, pixel by pixel."""

import numpy as np
import pytest

from export.stages.picture import Picture
from export.stages.shrinking import Shrunk
from export.stages.values import Graph, Value
from lapland.crop.halves import Halves
from tests.export.stages.test_crops import session


@pytest.mark.parametrize("rgb", [False, True])
@pytest.mark.parametrize(
    ("width", "height", "sizes"),
    [
        (640, 480, [(128, 96), (320, 240), (640, 480)]),
        (641, 481, [(128, 96), (320, 240), (427, 320)]),
        (70, 100, [(90, 128), (117, 167)]),
        (960, 540, [(128, 72), (480, 270), (213, 120)]),
    ],
)
def test_sizes(width, height, sizes, rgb):
    image = np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)
    g = Graph()
    given = Value(g, "image", np.uint8)
    shrunk = Shrunk(g, Picture(given, height, width, rgb))
    outputs = {f"size{i}": g.op("Identity", shrunk.at(*size)) for i, size in enumerate(sizes)}
    shown = np.ascontiguousarray(image[..., ::-1]) if rgb else image
    found = session(g, [(given, image.shape)], outputs).run(None, {"image": shown})
    halves = Halves(image)
    for planes, size in zip(found, sizes, strict=True):
        np.testing.assert_array_equal(planes[0].transpose(1, 2, 0), halves.at(*size))


@pytest.mark.parametrize("size", [(160, 120), (80, 60), (128, 96)])
def test_only_the_size_that_is_wanted_becomes_planes(size):
    g = Graph()
    Shrunk(g, Picture(Value(g, "image", np.uint8), 480, 640, rgb=False)).at(*size)
    assert sum(node.op_type == "Transpose" for node in g.nodes) == 1
