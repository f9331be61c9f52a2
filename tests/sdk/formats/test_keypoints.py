"""Faces as key points of supervision."""

import numpy as np
import pytest

from lapland import Faces


@pytest.fixture
def supervision():
    return pytest.importorskip("supervision", reason="an extra: pip install 'lapland[supervision]'")


def test_supervision_key_points(supervision, faces):
    points = faces.to_supervision()
    assert isinstance(points, supervision.KeyPoints)
    assert len(points) == 3
    np.testing.assert_array_equal(points.xy, faces.landmarks)
    np.testing.assert_array_equal(points.detection_confidence, faces.scores)
    np.testing.assert_array_equal(points.data["scale"], faces.scales)
    np.testing.assert_array_equal(points.data["xyxy"], faces.boxes)
    assert points.class_id.tolist() == [0, 0, 0]
    sure = points[points.detection_confidence > faces.scores.min()]
    assert len(sure) == 2
    assert len(faces[:1].to_supervision().as_detections()) == 1
    points.xy[...] = 0  # arrays of supervision's own, as its filters write to them
    assert faces.landmarks.any()


def test_supervision_has_the_variance_of_the_scales(supervision, faces):
    covariance = faces.to_supervision().data["covariance"]
    assert covariance.shape == (3, 68, 2, 2)
    draws = np.random.default_rng(0).laplace(scale=faces.scales[1, 5], size=1_000_000)
    np.testing.assert_allclose(covariance[1, 5], np.eye(2) * draws.var(), rtol=0.01)


def test_supervision_draws_them(supervision, faces):
    blank = np.zeros((300, 300, 3), np.uint8)
    for annotator in (supervision.VertexAnnotator(), supervision.VertexEllipseAreaAnnotator()):
        assert annotator.annotate(blank.copy(), faces.to_supervision()).any()
        assert not annotator.annotate(blank.copy(), Faces.empty().to_supervision()).any()
