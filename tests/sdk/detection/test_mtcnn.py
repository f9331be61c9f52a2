"""The cascade on a photo that may be shown: places, sizes, borders, many faces, odd images."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from lapland.base.errors import ModelError, OptionError
from lapland.detection.mtcnn import Mtcnn

ROOT = Path(__file__).resolve().parents[3]
FILES = [
    (ROOT / "models" / "mtcnn" / f"{net}.onnx").read_bytes() for net in ("pnet", "rnet", "onet")
]
# Eyes, nose and corners of the mouth of the astronaut, read off the photo by eye.
POINTS = np.array([[204, 100], [246, 102], [225, 127], [202, 139], [244, 141]])


@pytest.fixture(scope="module")
def cascade():
    return Mtcnn(*FILES, threads=1)


@pytest.fixture(scope="module")
def astronaut(image):
    return image


def assert_valid(result, count=None):
    boxes, scores, points = result
    n = len(boxes) if count is None else count
    assert (boxes.shape, scores.shape, points.shape) == ((n, 4), (n,), (n, 5, 2))
    assert boxes.dtype == scores.dtype == points.dtype == np.float32
    assert np.isfinite(boxes).all()
    assert np.isfinite(points).all()
    assert ((scores >= 0) & (scores <= 1)).all()
    assert (np.diff(scores) <= 0).all()


def test_the_astronaut_has_one_face_where_it_is(cascade, astronaut):
    before = astronaut.copy()
    result = cascade.detect(astronaut)
    assert_valid(result, 1)
    boxes, scores, points = result
    np.testing.assert_allclose(boxes[0], [181, 64, 266, 171], atol=6)
    np.testing.assert_allclose(points[0], POINTS, atol=3)
    assert scores[0] > 0.99
    np.testing.assert_array_equal(astronaut, before)


def test_the_same_image_gives_the_same_bits(cascade, astronaut):
    first = cascade.detect(astronaut)
    for a, b in zip(first, cascade.detect(astronaut), strict=True):
        np.testing.assert_array_equal(a, b)
    view = np.asfortranarray(astronaut)  # memory layout is nobody's business
    for a, b in zip(first, cascade.detect(view), strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("factor", [0.5, 0.75, 1.5, 2.0])
def test_points_follow_the_scale(cascade, astronaut, factor):
    image = cv2.resize(astronaut, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
    boxes, _, points = cascade.detect(image)
    assert len(boxes) == 1
    np.testing.assert_allclose(points[0] / factor, POINTS, atol=4)


@pytest.mark.parametrize("shift", [(-100, 0), (60, 35), (0, -40)])
def test_points_follow_a_shift(cascade, astronaut, shift):
    matrix = np.array([[1, 0, shift[0]], [0, 1, shift[1]]], np.float64)
    boxes, _, points = cascade.detect(cv2.warpAffine(astronaut, matrix, (512, 512)))
    assert len(boxes) == 1
    np.testing.assert_allclose(points[0] - shift, POINTS, atol=4)


def test_hundreds_of_faces(cascade, astronaut):
    tile = cv2.resize(astronaut[30:230, 120:320], (72, 72), interpolation=cv2.INTER_AREA)
    result = cascade.detect(np.tile(tile, (15, 20, 1)))
    assert_valid(result)
    assert 295 <= len(result[0]) <= 305
    noses = result[2][:, 2] // 72  # column and row of the tile
    assert len(np.unique(noses, axis=0)) >= 295


@pytest.mark.parametrize("where", [np.s_[:, 205:], np.s_[95:, :], np.s_[:, :235], np.s_[:140, :]])
def test_a_face_cut_by_the_border_is_found(cascade, astronaut, where):
    top, left = where[0].start or 0, where[1].start or 0
    boxes, _, points = cascade.detect(astronaut[where])
    assert len(boxes) == 1
    np.testing.assert_allclose(points[0] + [left, top], POINTS, atol=8)


@pytest.mark.parametrize(
    "shape", [(1, 1), (1, 50), (16, 16), (11, 4000), (12, 12), (40, 40), (39, 500), (3, 40000)]
)
@pytest.mark.parametrize("min_face", [12, 40])
def test_small_and_narrow_images(shape, min_face):
    image = np.full((*shape, 3), 128, np.uint8)
    assert_valid(Mtcnn(*FILES, min_face=min_face, threads=1).detect(image), 0)


def test_very_wide_image(cascade, astronaut):
    wide = np.zeros((200, 33000, 3), np.uint8)  # more columns than cv2.remap takes
    wide[:, 32600:32900] = astronaut[30:230, 100:400]
    boxes, _, points = cascade.detect(wide)
    assert len(boxes) == 1
    np.testing.assert_allclose(points[0] - [32500, -30], POINTS, atol=6)


@pytest.mark.parametrize("value", [0, 90, 255])
def test_blank_images_have_no_face(cascade, value):
    assert_valid(cascade.detect(np.full((240, 320, 3), value, np.uint8)), 0)


def test_noise_is_survived(cascade):
    noise = np.random.default_rng(0).integers(0, 256, (480, 640, 3), dtype=np.uint8)
    assert_valid(cascade.detect(noise))


def test_low_thresholds_are_survived(astronaut):
    cascade = Mtcnn(*FILES, thresholds=(0.01, 0.01, 0.01), threads=1)
    assert_valid(cascade.detect(astronaut))


def test_thirty_megapixels(astronaut):
    large = cv2.resize(astronaut, (5480, 5480), interpolation=cv2.INTER_CUBIC)
    boxes, _, points = Mtcnn(*FILES, min_face=400).detect(large)
    assert len(boxes) == 1
    np.testing.assert_allclose(points[0] / (5480 / 512), POINTS, atol=4)
    assert_valid(Mtcnn(*FILES).detect(np.zeros((5480, 1500, 3), np.uint8)), 0)


def test_min_face_leaves_out_smaller_ones(astronaut):
    assert len(Mtcnn(*FILES, min_face=300).detect(astronaut)[0]) == 0


# Keywords.


@pytest.mark.parametrize(
    "keywords",
    [
        {"min_face": 11},
        {"min_face": 40.0},
        {"min_face": True},
        {"min_face": "40"},
        {"thresholds": 0.6},
        {"thresholds": (0.6, 0.7)},
        {"thresholds": (0.6, 0.7, 1.0)},
        {"thresholds": (0.6, float("nan"), 0.7)},
        {"thresholds": "abc"},
        {"pyramid_factor": 1.0},
        {"pyramid_factor": 0.05},
        {"pyramid_factor": "half"},
        {"threads": 0},
    ],
)
def test_wrong_keywords_are_refused(keywords):
    (name,) = keywords
    with pytest.raises(OptionError, match=f"{name} must .*not "):
        Mtcnn(*FILES, **keywords)


def test_numpy_integers_are_integers(astronaut):
    assert len(Mtcnn(*FILES, min_face=np.int64(60)).detect(astronaut)[0]) == 1


def test_a_damaged_file_is_named():
    with pytest.raises(ModelError, match=r"rnet\.onnx"):
        Mtcnn(FILES[0], FILES[1][:1000], FILES[2])
