"""Boxes around points, and their IoU."""

import numpy as np

from lapland.base.boxes import around, iou


def test_boxes_around_points_pass_over_hidden_ones():
    points = np.array([[[1.0, 2], [5, -3], [np.nan, np.nan]], [[0, 0], [0, 0], [0, 0]]])
    assert around(points).tolist() == [[1, -3, 5, 2], [0, 0, 0, 0]]
    assert np.isnan(around(np.full((1, 3, 2), np.nan))).all()


def test_iou_of_each_pair():
    boxes = np.array([[0, 0, 10, 10], [5, 0, 15, 10], [20, 20, 30, 30.0]])
    expected = [[1, 1 / 3, 0], [1 / 3, 1, 0], [0, 0, 1]]
    np.testing.assert_allclose(iou(boxes, boxes), expected)
    inside = np.array([[2, 2, 4, 7.0]])
    np.testing.assert_allclose(iou(boxes, inside), [[0.1], [0], [0]])


def test_iou_of_nothing():
    empty = np.zeros((1, 4))
    assert iou(empty, empty).tolist() == [[0]]
    assert iou(empty, np.array([[0, 0, 1, 1.0]])).tolist() == [[0]]
    assert iou(np.zeros((0, 4)), empty).shape == (0, 1)
