"""BlazeFace alone: places, sizes, odd images."""

import numpy as np
import pytest

from lapland.base.errors import ModelError
from lapland.crop.halves import Halves
from lapland.detection.blazeface import FIVE_OF_SIX, BlazeFace
from lapland.networks.loading import load_blazeface
from tests.sdk.detection.turned import POINTS, error, turned


@pytest.fixture(scope="module")
def blazeface():
    return BlazeFace(load_blazeface(), threshold=0.6, threads=1)


def test_the_astronaut_has_one_face_where_it_is(blazeface, image):
    found = blazeface.find(Halves(image))
    assert len(found.boxes) == 1
    assert error(found.five_points[0], POINTS) < 0.15
    np.testing.assert_allclose(found.boxes[0], [181, 64, 266, 171], atol=8)
    assert found.scores[0] > 0.9


@pytest.mark.parametrize("degrees", [-60, -30, 15, 45, 60])
def test_points_turn_with_the_face(blazeface, image, degrees):
    scene, truth = turned(image, degrees, scale=2.0)
    found = blazeface.find(Halves(scene))
    assert error(found.five_points[0], truth) < 0.2


@pytest.mark.parametrize("shape", [(1, 1), (1, 70_000), (9, 3), (128, 128), (37, 641)])
def test_odd_images_have_no_face(blazeface, shape):
    found = blazeface.find(Halves(np.full((*shape, 3), 90, np.uint8)))
    assert found.boxes.shape == (0, 4)
    assert found.five_points.shape == (0, 5, 2)


def test_the_same_image_gives_the_same_bits(blazeface, image):
    first, second = blazeface.find(Halves(image)), blazeface.find(Halves(image))
    for one, other in zip(first, second, strict=True):
        np.testing.assert_array_equal(one, other)


def test_the_five_points_are_means_of_the_six():
    np.testing.assert_allclose(FIVE_OF_SIX.sum(axis=1), 1, atol=1e-9)
    mirrored = FIVE_OF_SIX[[1, 0, 2, 4, 3]][:, [1, 0, 2, 3, 5, 4]]
    np.testing.assert_allclose(mirrored, FIVE_OF_SIX, atol=0.01)


def test_a_damaged_file_is_refused():
    with pytest.raises(ModelError, match=r"blazeface\.onnx"):
        BlazeFace(load_blazeface()[:1000], threshold=0.6, threads=1)
