"""The network for small faces: what it finds, and where cells lie."""

import cv2
import numpy as np
import pytest

from lapland.base.boxes import iou
from lapland.base.errors import ModelError
from lapland.crop.halves import Halves
from lapland.detection.onestage import SMALLEST, OneStage
from lapland.detection.paired import boxes_of
from lapland.networks.loading import load_onestage
from tests.sdk.detection.turned import error, turned


def network(min_face=40, threshold=0.5, *, turned=False):
    model = load_onestage(turned=turned)
    return OneStage(model, min_face=min_face, threshold=threshold, threads=1)


class Told:
    """A session that gives one cell of each level, of an image of 64 x 96."""

    def __init__(self):
        self.seen = None

    def run(self, names, inputs):
        self.seen = inputs["images"]
        cells = np.zeros((1, 8 * 12 + 4 * 6, 14), np.float32)
        cells[0, :, 0] = -9
        five = [-0.2, -0.1, 0.2, -0.1, 0, 0.1, -0.1, 0.3, 0.1, 0.3]
        cells[0, 13] = [2, 1.0, -2.0, np.log(20), *five]  # row 1, column 1 of 8 pixels
        cells[0, 8 * 12 + 6 + 4] = [1, 0.0, 4.0, np.log(30), *five]  # row 1, column 4 of 16 pixels
        return [cells]


def test_cells_are_read_as_the_graph_gives_them(monkeypatch):
    found_by = network(min_face=40)
    session = Told()
    monkeypatch.setattr(found_by, "_session", session)
    found = found_by.find(Halves(np.zeros((128, 192, 3), np.uint8)))
    assert session.seen.shape == (1, 64, 96, 3)  # half the size
    np.testing.assert_allclose(found.scores, 1 / (1 + np.exp([-2.0, -1.0])), rtol=1e-6)
    # Cells begin at the edges of pixels; centres of pixels are integers in the network's image.
    first = (np.array([12.0 + 1, 12 - 2]) + 0.5) * 2 - 0.5
    second = (np.array([72.0, 24 + 4]) + 0.5) * 2 - 0.5
    middle = (found.boxes[:, :2] + found.boxes[:, 2:]) / 2
    np.testing.assert_allclose(middle, [first, second], atol=1e-5)
    np.testing.assert_allclose(
        found.five_points[0, 0], first + 40 * np.array([-0.2, -0.1]), atol=1e-4
    )
    np.testing.assert_allclose(
        found.five_points[1, 4], second + 60 * np.array([0.1, 0.3]), atol=1e-4
    )


@pytest.mark.parametrize("scale", [0.5, 0.8, 1.2])
def test_a_small_face_and_its_points(image, scale):
    scene, truth = turned(image, 0, scale=scale)
    found = network().find(Halves(scene))
    off = [error(five, truth) for five in found.five_points]
    assert min(off) < 0.2
    assert found.scores[int(np.argmin(off))] > 0.7


@pytest.mark.parametrize("degrees", range(0, 360, 45))
@pytest.mark.parametrize("scale", [0.5, 0.8, 1.2])
def test_the_box_of_a_small_face_at_any_angle(image, scale, degrees):
    """Its middle and size are sure; the O-Net sees which way up it is."""
    scene, truth = turned(image, degrees, scale=scale)
    found = network(turned=True).find(Halves(scene))
    shared = iou(found.boxes, boxes_of(truth[None]))[:, 0]
    assert shared.max() > 0.5
    assert found.scores[shared.argmax()] > 0.7


def test_the_smallest_face_sets_the_size_of_the_photo(image, monkeypatch):
    small = cv2.resize(image, None, fx=0.3, fy=0.3, interpolation=cv2.INTER_AREA)  # face of 27
    assert len(network(min_face=SMALLEST).find(Halves(small)).boxes) >= 1
    coarse = network(min_face=80)
    session = Told()
    monkeypatch.setattr(coarse, "_session", session)
    coarse.find(Halves(np.zeros((256, 384, 3), np.uint8)))
    assert session.seen.shape == (1, 64, 96, 3)


def test_faces_of_all_sizes(image):
    large = cv2.resize(image, None, fx=4, fy=4, interpolation=cv2.INTER_LINEAR)  # face of 400
    here, there = (network().find(Halves(large), all_sizes=every) for every in (False, True))
    sides = [(found.boxes[:, 3] - found.boxes[:, 1]).tolist() for found in (here, there)]
    assert not [side for side in sides[0] if side > 300]
    assert [side for side in sides[1] if 300 < side < 500]
    small = Halves(cv2.resize(image, (128, 128), interpolation=cv2.INTER_AREA))
    for one, other in zip(
        network().find(small), network().find(small, all_sizes=True), strict=True
    ):
        np.testing.assert_array_equal(one, other)  # a photo so small has no larger faces


def test_a_higher_threshold_finds_no_more(image):
    few, many = (len(network(threshold=t).find(Halves(image)).boxes) for t in (0.9, 0.2))
    assert few <= many


def test_a_damaged_file_is_named():
    with pytest.raises(ModelError, match=r"onestage\.onnx"):
        OneStage(load_onestage()[:1000], min_face=40, threshold=0.5, threads=1)
