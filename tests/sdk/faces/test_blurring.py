"""Faces are gone, the rest stays."""

import cv2
import numpy as np
import pytest

from lapland import Detector, Faces, OptionError, blur


@pytest.fixture(scope="module")
def face(image):
    return Detector(threads=1).predict(image)


def sharpness(image, face):
    x1, y1, x2, y2 = face.boxes[0].astype(int)
    return cv2.Laplacian(image[y1:y2, x1:x2], cv2.CV_64F).std()


@pytest.mark.parametrize("style", ["blur", "pixelate", "fill"])
def test_nobody_is_found_in_a_blurred_photo(photo, image, face, style):
    hidden = blur(image, face, style)
    assert len(Detector(threads=1).predict(hidden)) == 0
    changed = (hidden != image).any(axis=-1)
    assert changed[face[0].mask(photo)].mean() > 0.9
    assert not changed[250:].any()
    assert not changed[:, :100].any()


def test_wrong_landmarks_do_not_uncover_a_face(photo, image, face):
    """The detector's five points are hidden even if the landmarks lie elsewhere."""
    away = Faces(
        face.boxes, face.scores, face.five_points, face.landmarks + np.float32(150), face.scales
    )
    hidden = blur(photo, away)
    assert sharpness(hidden, face) < 0.7 * sharpness(image, face)


def test_faces_at_the_edge_and_huge_ones(face):
    image = np.full((40, 60, 3), 200, np.uint8)
    for shift, size in ((-200, 1), (0, 1e6), (1e7, 1)):
        moved = Faces(
            face.boxes,
            face.scores,
            face.five_points * size + shift,
            face.landmarks * np.float32(size) + np.float32(shift),
            face.scales,
        )
        assert blur(image, moved).shape == image.shape


def test_unknown_style(image, face):
    with pytest.raises(OptionError, match="'blur', 'pixelate', 'fill'"):
        blur(image, face, "sharpen")
