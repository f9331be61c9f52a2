"""The check of the pose's constants finds known angles again."""

import cv2
import numpy as np

from lapland.answers.head import load_head
from lapland.answers.rotations import rotations_of
from training.pose import Faces, angles_with, coverage, level

YAWS = np.linspace(-50, 50, 11)


def drawn():
    """The mean head, turned by known angles, as landmarks of 3 pixels' deviation."""
    head = load_head()
    angles = np.stack([YAWS, np.full(11, 5.0), np.zeros(11)], axis=-1)
    rotations = rotations_of(angles)
    axes = np.rad2deg(np.arctan2(rotations[:, 0, 2], rotations[:, 2, 2]))
    points = rotations @ head.at(axes)[0]
    landmarks = (20 * points[:, :2] * [[1], [-1]] + 200).transpose(0, 2, 1)
    return Faces(landmarks, np.full((11, 68), 3.0), angles)


def test_known_angles_are_found_with_any_looseness():
    faces = drawn()
    for looseness in ((0.5, 0.2), (1.5, 1.2)):
        found = angles_with(faces, looseness)
        np.testing.assert_allclose(found, faces.angles, atol=1.0)


def test_exact_landmarks_lie_within_their_intervals():
    lines = coverage(drawn())
    assert len(lines) == 5
    assert lines[0].startswith("yaw 0-90: 11 faces")
    assert all(line.endswith("within 1.00 1.00 1.00") for line in lines)


def test_level_reads_labels_and_photos(tmp_path, detector, image):
    cv2.imwrite(str(tmp_path / "a.jpg"), image)
    detector.predict(image).save_pts(tmp_path / "a.pts")
    own, seen = level(tmp_path, detector)
    np.testing.assert_allclose(own, seen, atol=3.0)
