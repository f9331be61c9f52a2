"""Boxes of the cascade: suppressed, made square, cropped."""

import numpy as np
import pytest

from lapland.detection.mtcnn_boxes import crops, square, suppress


def overlap(a, b, kind):
    width = max(0.0, min(a[2], b[2]) - max(a[0], b[0]))
    height = max(0.0, min(a[3], b[3]) - max(a[1], b[1]))
    areas = [(box[2] - box[0]) * (box[3] - box[1]) for box in (a, b)]
    shared = width * height
    return shared / (sum(areas) - shared if kind == "union" else min(areas))


@pytest.mark.parametrize("kind", ["union", "min"])
@pytest.mark.parametrize("count", [0, 1, 2, 40, 400])
@pytest.mark.parametrize("threshold", [0.3, 0.7])
def test_suppress_agrees_with_brute_force(kind, count, threshold):
    rng = np.random.default_rng(count)
    corners = rng.uniform(0, 60, (count, 2))
    boxes = np.concatenate([corners, corners + rng.uniform(5, 60, (count, 2))], axis=1)
    scores = rng.permutation(count).astype(np.float32)
    expected = [
        i
        for i in np.argsort(-scores)
        if not any(
            scores[j] > scores[i] and overlap(boxes[i], boxes[j], kind) > threshold
            for j in range(count)
        )
    ]
    assert suppress(boxes, scores, threshold, kind=kind).tolist() == expected


@pytest.mark.parametrize("count", [2, 300])
def test_of_equal_boxes_one_stays(count):
    boxes = np.tile([[10.0, 10, 20, 20]], (count, 1))
    assert suppress(boxes, np.ones(count, np.float32), 0.5, kind="union").tolist() == [count - 1]


@pytest.mark.parametrize("count", [3, 300])
@pytest.mark.parametrize("kind", ["union", "min"])
def test_boxes_without_area_suppress_nothing(count, kind):
    boxes = np.tile([[10.0, 10, 10, 20]], (count, 1))
    assert len(suppress(boxes, np.ones(count, np.float32), 0.5, kind=kind)) == count


def test_square_keeps_the_centre():
    boxes = np.array([[0.0, 0, 10, 4], [5, 5, 6, 9]])
    np.testing.assert_allclose(square(boxes), [[0, -3, 10, 7], [3.5, 5, 7.5, 9]])


def test_crops_sample_known_pixels_and_grey_outside():
    ramp = np.zeros((101, 201, 3), np.uint8)
    ramp[..., 0], ramp[..., 1] = np.arange(201), np.arange(101)[:, None]
    # Edges that the factors (W - 1) / W and (H - 1) / H take to whole pixels.
    box = np.array([[20 * 201 / 200, 10 * 101 / 100, 43 * 201 / 200, 33 * 101 / 100]])
    found = crops(ramp, box, 24)[0]
    np.testing.assert_allclose(found[..., 0], np.tile(np.arange(20, 44), (24, 1)), atol=1e-4)
    np.testing.assert_allclose(found[..., 1], np.tile(np.arange(10, 34)[:, None], 24), atol=1e-4)
    half = crops(ramp, np.array([[-23.0, -1000, 0.5, 2000]]), 24)[0]
    assert (half[:, :23] == 127.5).all()
    assert (half[[0, -1]] == 127.5).all()
    np.testing.assert_allclose(half[8, 23, 0], 0.5 * 200 / 201, atol=1e-6)
