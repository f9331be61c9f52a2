"""Chips: recorded from insightface's and dlib's own code, and what holds for all layouts."""

import cv2
import numpy as np
import pytest

from lapland import Detector, Faces, OptionError
from lapland.answers.chips import LAYOUTS, cut_chips, similarities

FIVE = np.array(
    [
        [203.107773, 101.434479],
        [246.4879, 103.682251],
        [225.406082, 127.616646],
        [201.687683, 139.28952],
        [245.358276, 140.766464],
    ]
)


def matrices_by_skimage():
    """`SimilarityTransform.estimate` of scikit-image 0.25, by which insightface aligns."""
    return {
        112: [[0.876342, 0.038794, -145.387823], [-0.038794, 0.876342, -26.795993]],
        256: [[1.752683, 0.077589, -274.775646], [-0.077589, 1.752683, -53.591987]],
        128: [[0.876342, 0.038794, -137.387823], [-0.038794, 0.876342, -26.795993]],
    }


# Green of every 30th pixel of dlib's get_face_chip(astronaut, size=150, padding=0.25), for the
# rounded landmarks of the default model.
DLIB = [
    [80, 145, 99, 172, 91],
    [89, 169, 221, 202, 111],
    [25, 209, 181, 190, 160],
    [203, 168, 184, 133, 118],
    [0, 162, 191, 160, 152],
]


@pytest.mark.parametrize("size", [112, 128, 256])
def test_arcface_as_insightface(image, size):
    chips = cut_chips(image, np.zeros((1, 68, 2)), FIVE[None], size, "arcface")
    expected = np.array(matrices_by_skimage()[size])
    assert chips.matrices[0] == pytest.approx(expected, abs=1e-3)
    theirs = cv2.warpAffine(image, expected, (size, size), borderValue=0.0)
    most = 1 if int(cv2.__version__.split(".")[0]) >= 5 else 3  # OpenCV 4 warps more coarsely
    assert np.abs(chips[0].astype(int) - theirs).max() <= most


def test_dlib_as_dlib(original):
    # Of this model `DLIB` was recorded.
    faces = Detector("1/2-lite", weights="300w", threads=1).predict(original)
    chips = cut_chips(original, faces.landmarks.round(), faces.five_landmarks, 150, "dlib")
    away = np.abs(chips[0][::30, ::30, 1].astype(int) - DLIB)
    assert np.median(away) <= 2
    assert away[1:, 1:].max() <= 25  # pixels on edges


@pytest.mark.parametrize("layout", LAYOUTS)
def test_matrices_take_points_there_and_back(image, faces, layout):
    chips = faces.chips(image, 112, layout)
    points = faces.landmarks[0].astype(np.float64)
    there = points @ chips.matrices[0, :, :2].T + chips.matrices[0, :, 2]
    back = there @ chips.inverses[0, :, :2].T + chips.inverses[0, :, 2]
    assert np.allclose(back, points)
    assert chips.images.shape == (1, 112, 112, 3)
    assert (there[36:48] > 0).all()
    assert (there[36:48] < 112).all()
    eyes = there[42:48].mean(axis=0) - there[36:42].mean(axis=0)
    assert abs(eyes[1]) < 0.06 * eyes[0]  # upright


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_turned_photo_gives_the_same_chip(image, faces, layout):
    turned = np.ascontiguousarray(np.rot90(image, -1))
    width = image.shape[0]
    moved = np.stack([width - 1 - faces.landmarks[..., 1], faces.landmarks[..., 0]], axis=-1)
    five = np.stack(
        [width - 1 - faces.five_landmarks[..., 1], faces.five_landmarks[..., 0]], axis=-1
    )
    one = faces.chips(image, 112, layout)[0].astype(int)
    other = cut_chips(turned, moved, five, 112, layout)[0].astype(int)
    assert np.abs(one - other).mean() < 2


def test_chip_of_a_face(photo, image, faces):
    assert (faces[0].chip(photo) == faces.chips(image)[0]).all()
    assert len(list(faces.chips(image))) == len(faces)


def test_nobody_has_no_chip(image):
    assert Faces.empty().chips(image).images.shape == (0, 112, 112, 3)
    assert len(Faces.empty().chips(image, layout="dlib", size=150)) == 0


def test_coinciding_points_are_no_division_by_zero():
    assert np.isfinite(similarities(np.ones((1, 5, 2)), FIVE)).all()


def test_wrong_options(image, faces):
    with pytest.raises(OptionError, match="'arcface', 'dlib', 'portrait'"):
        faces.chips(image, layout="vgg")
    with pytest.raises(OptionError, match="112 or 128"):
        faces.chips(image, 100)
    with pytest.raises(OptionError, match="8 to 4096"):
        faces.chips(image, 5, "portrait")
