"""The O-Net in boxes that are known: many, none, outside of the image, wrong ones."""

import numpy as np
import pytest

from lapland.base.errors import GeometryError, ModelError
from lapland.detection.onet import Onet
from lapland.networks.loading import load_onet
from tests.sdk.detection.turned import POINTS


@pytest.fixture(scope="module")
def onet():
    return Onet(load_onet(), threads=1)


def test_five_points_in_known_boxes(onet, image):
    scores, points = onet.five_points(image, [[181, 64, 266, 171], [380, 400, 480, 500]])
    assert scores.shape == (2,)
    assert points.shape == (2, 5, 2)
    assert scores.dtype == points.dtype == np.float32
    assert scores[0] > 0.99 > 0.5 > scores[1]
    np.testing.assert_allclose(points[0], POINTS, atol=3)


def test_five_points_of_many_boxes_equal_those_of_each(onet, image):
    rng = np.random.default_rng(1)
    corners = rng.uniform(-50, 400, (50, 2))
    boxes = np.concatenate([corners, corners + rng.uniform(20, 200, (50, 2))], axis=1)
    scores, points = onet.five_points(image, boxes)
    singles = [onet.five_points(image, box[None]) for box in boxes]
    np.testing.assert_allclose(scores, np.concatenate([s for s, _ in singles]), atol=1e-5)
    np.testing.assert_allclose(points, np.concatenate([p for _, p in singles]), atol=1e-2)


def test_five_points_of_no_boxes(onet, image):
    scores, points = onet.five_points(image, np.empty((0, 4)))
    assert (scores.shape, points.shape) == ((0,), (0, 5, 2))
    assert scores.dtype == points.dtype == np.float32


def test_boxes_outside_and_on_one_pixel(onet):
    pixel = np.zeros((1, 1, 3), np.uint8)
    scores, points = onet.five_points(pixel, [[-1e9, -1e9, -1e8, -1e8], [0, 0, 1, 1]])
    assert np.isfinite(scores).all()
    assert np.isfinite(points).all()


@pytest.mark.parametrize(
    "boxes",
    [
        [1, 2, 3, 4],
        np.zeros((2, 5)),
        [[10, 10, 5, 20]],
        [[10, 10, 10, 20]],
        [[0, 0, np.nan, 5]],
        [["a", "b", "c", "d"]],
    ],
)
def test_wrong_boxes_are_refused(onet, image, boxes):
    with pytest.raises(GeometryError, match="x1, y1, x2, y2"):
        onet.five_points(image, boxes)


def test_portraits_are_sampled_as_boxes_are(onet, image):
    portraits = [image[40:120, 180:260], image[60:140, 190:270], image[300:380, 20:100]]
    portraits = [np.ascontiguousarray(portrait) for portrait in portraits]
    scores, points = onet.in_portraits(portraits)
    for i, portrait in enumerate(portraits):
        score, five = onet.five_points(portrait, [onet.box_in_portrait])
        np.testing.assert_allclose(scores[i], score[0], atol=1e-5)
        np.testing.assert_allclose(points[i], five[0], atol=0.04)  # rounded to 1/32


def test_points_are_rounded(onet, image):
    _, points = onet.five_points(image, [[181, 64, 266, 171]])
    np.testing.assert_array_equal(points * 32, np.round(points * 32))


def test_a_damaged_file_is_named():
    with pytest.raises(ModelError, match=r"onet\.onnx"):
        Onet(load_onet()[:1000], threads=1)
