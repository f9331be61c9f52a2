"""Scenes of annotated faces: places, sizes and turns are those that are asked for."""

import numpy as np
import pytest

from benchmarks.common import face_scenes as scenes


@pytest.fixture
def face(image):
    """The astronaut with five dots for landmarks, of which the first two are the eyes."""
    points = np.array([[204.0, 100], [246, 102], [225, 127], [202, 139], [244, 141]])
    return scenes.Face(image, points)


def test_a_turned_face_has_its_size_and_angle(face):
    image, points = scenes.turned(face, 90, 30)
    assert image.shape == (scenes.HEIGHT, scenes.WIDTH, 3)
    before, after = face.landmarks[1] - face.landmarks[0], points[1] - points[0]
    angle = np.degrees(np.arctan2(after[1], after[0]) - np.arctan2(before[1], before[0]))
    assert angle == pytest.approx(30, abs=1e-6)
    longer = np.ptp(face.landmarks, axis=0).max()
    assert np.linalg.norm(after) == pytest.approx(np.linalg.norm(before) * 90 / longer)


def test_every_face_is_pasted_once_in_the_size(face):
    photos = [np.full((700, 900, 3), 80, np.uint8)]
    faces = [face] * 11
    found = list(scenes.scenes(faces, 40, photos, np.random.default_rng(0)))
    truth = [points for _, placed in found for points in placed]
    assert len(truth) == 11
    for points in truth:
        assert np.ptp(points, axis=0).max() == pytest.approx(40)
        assert (points > 0).all()
        assert (points < [scenes.WIDTH, scenes.HEIGHT]).all()


def test_a_box_is_found_if_it_lies_on_the_face():
    points = np.array([[100.0, 100], [200, 200]])
    boxes = np.array([[95.0, 95, 215, 215], [300, 300, 400, 400], [140, 140, 160, 160]])
    assert scenes.found(boxes[:1], points)
    assert not scenes.found(boxes[1:], points)
    assert not scenes.found(boxes[:0], points)
