"""The default detector: large and small faces, turned ones, photos without any."""

import cv2
import numpy as np
import pytest

from lapland import Detector
from lapland.base.errors import OptionError
from lapland.crop.halves import Halves
from lapland.detection.paired import CLEAR, boxes_of
from lapland.detection.registry import load_detector
from lapland.schemes.five_points import five_of
from tests.sdk.detection.turned import error, turned

ANGLES = range(0, 360, 45)


@pytest.fixture(scope="module")
def detector():
    return load_detector("blazeface", threads=1)


@pytest.fixture(scope="module")
def any_angle():
    return load_detector("blazeface", turned=True, threads=1)


def tiles(image, side, shape=(480, 640)):
    """A scene of faces, one in each tile."""
    tile = cv2.resize(image[20:260, 100:340], (side, side), interpolation=cv2.INTER_AREA)
    rows, columns = shape[0] // side, shape[1] // side
    return np.tile(tile, (rows, columns, 1)), rows * columns


@pytest.mark.parametrize("side", [80, 120, 160, 240])
def test_faces_of_all_sizes_are_found_once_each(detector, image, side):
    """Faces of 29 to 86 pixels, as MTCNN's box counts; no face is found by both networks."""
    scene, count = tiles(image, side)
    boxes = detector.detect(scene).boxes
    if side > 110:  # a box of 40 pixels
        assert len(boxes) == count
    else:
        assert len(boxes) <= count


@pytest.mark.parametrize("quarters", [0, 1, 2, 3])
def test_small_faces_at_any_angle_are_found_once_each(any_angle, image, quarters):
    scene, count = tiles(image, 120)
    assert len(any_angle.detect(np.rot90(scene, quarters)).boxes) == count


def test_large_and_small_faces_in_one_photo(detector, image):
    scene = np.full((480, 640, 3), 120, np.uint8)
    scene[100:470, 20:390] = cv2.resize(image[20:260, 100:340], (370, 370))
    scene[200:330, 480:610] = cv2.resize(image[20:260, 100:340], (130, 130))
    boxes = detector.detect(scene).boxes
    sides = np.sort((boxes[:, 2:] - boxes[:, :2]).max(axis=1))
    assert len(sides) == 2
    np.testing.assert_allclose(sides, [58, 165], rtol=0.2)


def test_a_large_clear_face_takes_no_second_look(detector, image, monkeypatch):
    looks = []
    look = detector.onet.in_portraits
    monkeypatch.setattr(detector.onet, "in_portraits", lambda p: (looks.append(len(p)), look(p))[1])
    large = image[20:260, 100:340]
    found = detector.detect(large)
    assert (len(found.boxes), looks) == (1, [])
    assert found.scores[0] > CLEAR
    scores, five = detector.five_points(large, found.boxes)  # the O-Net's opinion
    assert scores[0] > 0.9
    eyes = np.linalg.norm(five[0, 0] - five[0, 1])
    off = np.linalg.norm(found.five_points[0] - five[0], axis=1) / eyes
    assert off[:3].max() < 0.1
    assert off[3:].max() < 0.3  # BlazeFace knows the middle of a mouth, and not that it smiles
    small = cv2.copyMakeBorder(large, *[400] * 4, cv2.BORDER_CONSTANT)
    assert len(detector.detect(small).boxes) == 1
    assert sum(looks) >= 1


@pytest.mark.parametrize("by_both", [True, False])
def test_a_large_face_that_is_faint_takes_a_look_unless_both_networks_see_it(
    detector, image, monkeypatch, by_both
):
    large = image[20:260, 100:340]
    looks, found = [], detector.detect(large)
    look, find, others = detector.onet.in_portraits, detector.blazeface.find, detector.onestage.find
    monkeypatch.setattr(detector.onet, "in_portraits", lambda p: (looks.append(len(p)), look(p))[1])
    faint = np.float32(CLEAR - 0.1)
    monkeypatch.setattr(
        detector.blazeface, "find", lambda h: find(h)._replace(scores=np.array([faint]))
    )
    if not by_both:
        none = np.zeros(0, np.intp)
        monkeypatch.setattr(detector.onestage, "find", lambda h, **how: others(h, **how).at(none))
    again = detector.detect(large)
    assert bool(looks) != by_both
    assert again.scores[0] > CLEAR  # of the other network, or of the O-Net
    eyes = np.linalg.norm(found.five_points[0, 0] - found.five_points[0, 1])
    assert (
        np.abs(again.five_points - found.five_points).max() < (0 if by_both else 0.2) * eyes + 0.1
    )


def test_the_points_of_a_large_face_are_those_of_both_networks(detector, image):
    large = Halves(image[20:260, 100:340])
    first, second = (part.find(large) for part in (detector.blazeface, detector.onestage))
    assert second.scores[0] > CLEAR
    (five,) = detector.detect(large).five_points
    expected = (2 * first.five_points[0] + second.five_points[0]) / 3
    np.testing.assert_allclose(five, expected, atol=1 / 32)
    assert np.abs(five - first.five_points[0]).max() > 0.1


@pytest.mark.parametrize("degrees", [-60, -45, -30, 30, 45, 60])
def test_up_to_60_degrees_of_roll_by_default(detector, image, degrees):
    scene, truth = turned(image, degrees)
    found = detector.detect(scene)
    assert len(found.boxes) == 1
    assert error(found.five_points[0], truth) < 0.15


@pytest.mark.parametrize("scale", [0.6, 1.0, 1.6])
def test_a_turned_face_is_right_or_unsure(image, scale):
    whole, right = Detector(threads=1), 0
    for degrees in range(0, 360, 15):
        scene, truth = turned(image, degrees, scale=scale)
        faces = whole.predict(scene)
        for landmarks, confidence in zip(faces.landmarks, faces.confidence, strict=True):
            good = error(five_of(faces.scheme, landmarks[None])[0], truth) < 0.2
            assert good or confidence < 0.5, degrees
            right += good
    assert right >= 9  # those that lean by up to 60 degrees


def test_the_box_of_five_points_is_that_of_the_networks(detector, image):
    found = detector.detect(image)
    (box,) = boxes_of(found.five_points.astype(np.float64))
    np.testing.assert_allclose(box, found.boxes[0], atol=0.12 * (box[3] - box[1]))
    turned_by_90 = found.five_points[:, :, ::-1] * [1, -1]  # x, y -> y, -x
    (lying,) = boxes_of(turned_by_90.astype(np.float64))
    np.testing.assert_allclose(lying, [box[1], -box[2], box[3], -box[0]], atol=0.01)


@pytest.mark.parametrize("scale", [1.0, 1.6])
def test_any_angle_if_asked(image, scale):
    """One sure face. With noise of one grey value a turned collar has 0.91, and confidence 0.04."""
    detector = Detector("mobile", weights="open", turned=True, threads=1)
    others = 0
    for degrees in ANGLES:
        scene, truth = turned(image, degrees, scale=scale)
        faces = detector.predict(scene)
        sure = faces[faces.confidence > 0.5]
        assert len(sure) == 1, degrees
        assert error(sure.five_points[0], truth) < 0.15, degrees
        others += len(faces) - 1
    assert others <= 1


def test_mixed_angles_in_one_photo(any_angle, image):
    upright, first = turned(image, 0, size=(320, 480))
    hanging, second = turned(image, 180, size=(320, 480))
    found = any_angle.detect(np.concatenate([upright, hanging], axis=1))
    assert len(found.boxes) == 2
    left, right = found.five_points[np.argsort(found.five_points[:, 2, 0])]
    assert error(left, first) < 0.15
    assert error(right - [320, 0], second) < 0.15


def test_landmarks_of_a_face_upside_down(image):
    scene, _ = turned(image, 180)
    faces = Detector(detector="blazeface", turned=True, threads=1).predict(scene)
    upright = Detector(threads=1).predict(np.ascontiguousarray(scene[::-1, ::-1]))
    assert len(faces) == len(upright) == 1
    back = [639, 479] - upright.landmarks[0]
    assert np.linalg.norm(faces.landmarks[0] - back, axis=1).mean() < 2


def test_no_face_in_pictures_without(detector, any_angle):
    rng = np.random.default_rng(0)
    grey = np.full((480, 640, 3), 128, np.uint8)
    noise = rng.integers(0, 256, (480, 640, 3), dtype=np.uint8)
    soft = cv2.GaussianBlur(noise, (0, 0), 8)
    soft = cv2.normalize(soft, None, 0, 255, cv2.NORM_MINMAX)
    drawn = grey.copy()
    for _ in range(60):
        centre, radius = rng.integers(0, (640, 480)).tolist(), int(rng.integers(5, 80))
        cv2.circle(drawn, centre, radius, rng.integers(0, 256, 3).tolist(), -1, cv2.LINE_AA)
    for picture in (grey, noise, soft, drawn):
        assert len(detector.detect(picture).boxes) == 0
        assert len(any_angle.detect(picture).boxes) == 0


@pytest.mark.parametrize("shape", [(1, 1), (1, 70_000), (12, 12), (37, 641)])
def test_odd_images(detector, any_angle, shape):
    for one in (detector, any_angle):
        found = one.detect(np.full((*shape, 3), 90, np.uint8))
        assert found.boxes.shape == (0, 4)
        assert found.five_points.shape == (0, 5, 2)


def test_the_smallest_face_is_obeyed(image):
    assert len(load_detector("blazeface", min_face=200, threads=1).detect(image).boxes) == 0
    assert len(load_detector("blazeface", min_face=80, threads=1).detect(image).boxes) == 1


def test_options_are_checked():
    with pytest.raises(OptionError, match="'blazeface', 'mtcnn'"):
        load_detector("haar")
    with pytest.raises(OptionError, match="turned"):
        load_detector("mtcnn", turned=True)
    with pytest.raises(OptionError, match="turned"):
        load_detector("blazeface", turned="yes")
