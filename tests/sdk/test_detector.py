"""Detector: what goes in, what comes out, and in which order."""

import pickle
from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np
import pytest

from lapland import Detector, Faces, GeometryError, LaplandError, OptionError
from lapland.landmarks.decoders import DECODERS, DEFAULT_DECODER
from tests.drawn_dots import encode, five_points

FIELDS = ("boxes", "scores", "five_points", "landmarks", "scales")
POINTS = np.array([[204.0, 100], [246, 102], [225, 127], [202, 139], [244, 141]])
BOX = [181.0, 65, 265, 171]


@pytest.fixture(scope="module")
def faces(detector, image):
    return detector.predict(image)


@pytest.fixture(scope="module")
def mosaic(image):
    """Three sizes of one face, the smallest first: 0.6, 1.0 and 0.8."""
    face = image[20:240, 110:340]
    canvas = np.zeros((240, 650, 3), np.uint8)
    for left, factor in ((0, 0.6), (180, 1.0), (440, 0.8)):
        part = cv2.resize(face, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
        canvas[: part.shape[0], left : left + part.shape[1]] = part
    return canvas


def assert_same(a, b):
    for name in FIELDS:
        np.testing.assert_array_equal(getattr(a, name), getattr(b, name), err_msg=name)


def assert_close(a, b, tolerance):
    for name in FIELDS:
        np.testing.assert_allclose(
            getattr(a, name), getattr(b, name), rtol=0, atol=tolerance, err_msg=name
        )


# --- detection


def test_one_face_is_found_where_it_is(faces):
    assert isinstance(faces, Faces)
    assert len(faces) == 1
    np.testing.assert_allclose(faces.boxes[0], BOX, atol=8)
    np.testing.assert_allclose(faces.five_points[0], POINTS, atol=4)
    assert 0.9 < faces.scores[0] <= 1
    assert faces.landmarks.shape == (1, 68, 2)
    assert faces.scales.shape == (1, 68)
    for name in FIELDS:
        assert getattr(faces, name).dtype == np.float32


def test_the_largest_face_comes_first(detector, mosaic):
    found = detector.predict(mosaic)
    assert len(found) == 3
    areas = np.prod(found.boxes[:, 2:] - found.boxes[:, :2], axis=1)
    assert (np.diff(areas) < 0).all()
    middles = found.landmarks.mean(axis=1)[:, 0]
    assert np.argsort(middles).tolist() == [2, 0, 1]
    # rows belong together: the landmarks of each face lie in its box, about its five points
    for face in found:
        inside = (face.landmarks > face.box[:2] - 20) & (face.landmarks < face.box[2:] + 20)
        assert inside.all()
        assert np.linalg.norm(face.landmarks[30] - face.five_points[2]) < 12


@pytest.mark.parametrize(
    "photo",
    [
        np.full((300, 400, 3), 128, np.uint8),
        np.zeros((1, 1, 3), np.uint8),
        np.zeros((5, 900), np.uint8),
        np.zeros((900, 5, 4), np.uint8),
    ],
    ids=["grey", "pixel", "line", "column"],
)
def test_no_face_gives_no_rows(detector, photo):
    none = detector.predict(photo)
    assert isinstance(none, Faces)
    assert_same(none, Faces.empty())


def test_small_faces_are_left_out_by_min_face(image):
    small = cv2.resize(image, (128, 128), interpolation=cv2.INTER_AREA)  # a face of some 25 px
    assert len(Detector(min_face=60, threads=1).predict(small)) == 0
    assert len(Detector(min_face=15, threads=1).predict(small)) == 1


# --- faces that are known


def test_boxes(detector, image, faces):
    found = detector.predict(image, boxes=[BOX])
    np.testing.assert_array_equal(found.boxes, np.float32([BOX]))
    np.testing.assert_allclose(found.five_points, faces.five_points, atol=4)
    assert found.scores[0] > 0.9
    assert np.linalg.norm(found.landmarks - faces.landmarks, axis=2).mean() < 4


def test_boxes_keep_their_order(detector, mosaic):
    boxes = detector.predict(mosaic).boxes
    order = [1, 2, 0, 1]
    found = detector.predict(mosaic, boxes=boxes[order])
    np.testing.assert_array_equal(found.boxes, boxes[order])
    np.testing.assert_allclose(found.landmarks[0], found.landmarks[3], atol=1e-3)
    single = detector.predict(mosaic, boxes=boxes[2:])
    np.testing.assert_allclose(found.landmarks[1], single.landmarks[0], atol=1e-3)


def test_a_box_without_a_face_has_a_low_score(detector, image):
    found = detector.predict(image, boxes=[BOX, [400, 400, 480, 500], [-300, -300, -200, -200]])
    assert len(found) == 3
    assert found.scores[0] > 0.9 > 0.5 > found.scores[1:].max()


def test_five_points(detector, image, faces):
    found = detector.predict(image, five_points=faces.five_points)
    np.testing.assert_array_equal(found.landmarks, faces.landmarks)
    np.testing.assert_array_equal(found.scales, faces.scales)
    np.testing.assert_array_equal(found.five_points, faces.five_points)
    assert found.scores.tolist() == [1.0]
    np.testing.assert_array_equal(found.boxes[0, :2], found.landmarks[0].min(axis=0))
    np.testing.assert_array_equal(found.boxes[0, 2:], found.landmarks[0].max(axis=0))
    whole = POINTS.astype(int)
    from_lists = detector.predict(image, five_points=[whole.tolist()])
    assert_same(detector.predict(image, five_points=whole[None].astype(np.float32)), from_lists)


@pytest.mark.parametrize("name", ["boxes", "five_points"])
@pytest.mark.parametrize("given", [[], (), np.zeros((0, 4)), np.zeros((0, 5, 2)), np.zeros(0, int)])
def test_none_given_gives_none(detector, image, name, given):
    assert_same(detector.predict(image, **{name: given}), Faces.empty())


NUMBERS = np.arange(10.0)


@pytest.mark.parametrize(
    ("name", "given", "words"),
    [
        ("boxes", BOX, ["(N, 4)", "(4,)"]),
        ("boxes", [BOX[:3]], ["(N, 4)", "(1, 3)"]),
        ("boxes", [BOX, BOX[:3]], ["one length"]),
        ("boxes", [[0, 0, np.nan, 9]], ["finite"]),
        ("boxes", [[0, 0, np.inf, 9]], ["finite"]),
        ("boxes", [[0, 0, 1e30, 1e30]], ["1e+30"]),
        ("boxes", [[50, 50, 20, 90]], ["x1 < x2", "width, height"]),
        ("boxes", [["a", "b", "c", "d"]], ["numbers"]),
        ("boxes", [[None] * 4], ["numbers"]),
        ("five_points", POINTS, ["(N, 5, 2)", "(5, 2)", "points[None]"]),
        ("five_points", [POINTS[:4]], ["(1, 4, 2)"]),
        ("five_points", [POINTS.T], ["(1, 2, 5)"]),
        ("five_points", [POINTS.ravel()], ["(1, 10)"]),
        ("five_points", [[[1, 2], [3]]], ["one length"]),
        ("five_points", [np.where(POINTS == 100, np.nan, POINTS)], ["finite"]),
        ("five_points", [np.where(POINTS == 100, -np.inf, POINTS)], ["finite"]),
        ("five_points", [POINTS * 1e20], ["at most"]),
        ("five_points", [POINTS > 120], ["numbers", "bool"]),
    ],
)
def test_wrong_boxes_and_points(detector, image, name, given, words):
    with pytest.raises(GeometryError) as caught:
        detector.predict(image, **{name: given})
    assert isinstance(caught.value, (LaplandError, ValueError))
    for word in (name[:3], *words):
        assert word in str(caught.value)


def test_boxes_and_five_points_exclude_each_other(detector, image):
    with pytest.raises(OptionError, match="not both"):
        detector.predict(image, boxes=[BOX], five_points=[POINTS])


@pytest.mark.parametrize("points", [np.zeros((1, 5, 2)), np.full((1, 5, 2), 1e7), -1e6 * NUMBERS])
def test_points_that_are_odd_but_possible(detector, image, points):
    found = detector.predict(image, five_points=points.reshape(1, 5, 2))
    assert len(found) == 1
    assert np.isfinite(found.landmarks).all()


# --- the same whatever is around it


def test_the_same_photo_gives_the_same_bits(detector, image, faces):
    assert_same(detector.predict(image), faces)


@pytest.mark.parametrize("threads", [2, None])
def test_threads_change_nothing(image, faces, threads):
    assert_close(Detector(threads=threads).predict(image), faces, 1e-3)


def test_forms_of_a_photo_change_nothing(detector, photo, image, faces):
    for given in (photo, str(photo), encode(image, ".png"), np.dstack([image, image[..., 0]])):
        assert_same(detector.predict(given), faces)


def test_a_face_does_not_depend_on_the_others(detector, image):
    """More faces than go into one run of the graph."""
    rng = np.random.default_rng(0)
    points = np.stack([five_points(rng.uniform(50, 450, 2), s) for s in rng.uniform(0.3, 3, 40)])
    together = detector.predict(image, five_points=points)
    for i in (0, 15, 31, 32, 39):
        alone = detector.predict(image, five_points=points[i : i + 1])
        assert_close(alone, together[i : i + 1], 1e-3)


def test_a_photo_does_not_depend_on_those_before(detector, mosaic, image, faces):
    detector.predict(mosaic)
    detector.predict(np.zeros((50, 50, 3), np.uint8))
    assert_same(detector.predict(image), faces)


def test_several_threads_share_one_detector(detector, mosaic, image, faces):
    expected = [faces, detector.predict(mosaic)] * 4
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(detector.predict, [image, mosaic] * 4))
    for a, b in zip(found, expected, strict=True):
        assert_same(a, b)


# --- options


@pytest.mark.parametrize(
    ("options", "word"),
    [
        ({"min_face": 5}, "min_face"),
        ({"min_face": "40"}, "min_face"),
        ({"thresholds": 0.7}, "thresholds"),
        ({"thresholds": (0.6, 0.7, 70)}, "thresholds"),
        ({"pyramid_factor": 1.0}, "pyramid_factor"),
        ({"threads": 0}, "threads"),
        ({"decoder": "argmax"}, f"decoder must be one of {', '.join(map(repr, DECODERS))}, not"),
        ({"decoder": None}, "not None"),
        ({"looks": 3}, "looks must be 1, 2 or 4, not 3"),
        ({"looks": True}, "not True"),
    ],
)
def test_options_out_of_range(options, word):
    with pytest.raises(OptionError, match=word):
        Detector(**options)


@pytest.mark.parametrize("decoder", [d for d in DECODERS if d != DEFAULT_DECODER])
def test_decoders_find_the_same_face(image, faces, decoder):
    detector = Detector(decoder=decoder)
    found = detector.predict(image)
    apart = np.linalg.norm(found.landmarks - faces.landmarks, axis=-1)
    assert 0 < apart.mean() < 0.01 * np.ptp(faces.landmarks[0, :, 0])
    np.testing.assert_array_equal(found.scales, faces.scales)
    again = pickle.loads(pickle.dumps(detector)).predict(image)
    assert_same(again, found)


def test_options_are_keywords():
    with pytest.raises(TypeError):
        Detector("1/8", "model.onnx")
    with pytest.raises(TypeError):
        Detector(minimum_face=3)
