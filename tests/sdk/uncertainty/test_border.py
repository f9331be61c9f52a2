"""Landmarks beyond the border of the photo: their radii hold, and the face is less sure."""

import dataclasses
import pickle

import numpy as np
import pytest

from lapland import Detector, Faces, GeometryError, Tracker
from lapland.networks.index import FAMILIES
from lapland.uncertainty.border import USUAL


@pytest.fixture(scope="module", params=list(FAMILIES))
def detector(request):
    """One of networks that saw cut faces in training, and one of others."""
    return Detector(threads=1, weights=request.param)


@pytest.fixture(scope="module")
def whole(detector, image):
    return detector.predict(image)


CUTS = {"right": np.s_[:, :235], "left": np.s_[:, 205:], "bottom": np.s_[:155]}


def cut_off(detector, image, whole, side):
    """Faces of a part of the photo, their true landmarks, and which of these lie outside."""
    part = np.ascontiguousarray(image[CUTS[side]])
    shift = np.array([205 if side == "left" else 0, 0])
    truth, (height, width) = whole.landmarks[0] - shift, part.shape[:2]
    outside = ((truth < -0.5) | (truth >= np.array([width, height]) - 0.5)).any(axis=1)
    cut = detector.predict(part, five_points=whole.five_points - shift)
    return cut, truth, outside


def test_radii_hold_landmarks_that_the_photo_does_not_show(detector, image, whole):
    held = []
    for side in CUTS:
        cut, truth, outside = cut_off(detector, image, whole, side)
        assert 5 <= outside.sum() <= 34
        off = np.linalg.norm(cut.landmarks[0] - truth, axis=1)
        held.append((off <= cut.radius(0.9)[0])[outside].mean())
    # Radii say how many of all faces they hold; of one face this can be fewer.
    assert np.mean(held) >= 0.7


@pytest.mark.parametrize("side", CUTS)
def test_what_the_photo_does_not_show_has_the_radius_of_a_guess(detector, image, whole, side):
    cut, truth, outside = cut_off(detector, image, whole, side)
    sides = np.sqrt(np.prod(np.ptp(truth, axis=0)))
    assert 0.1 * sides < np.median(cut.radius(0.9)[0][outside]) < 0.4 * sides
    assert cut.confidence[0] < whole.confidence[0]
    # Were the photo larger, black, the same landmarks would be as sure as those of a whole face.
    unknown = dataclasses.replace(cut, image_size=None)
    assert (unknown.radius(0.9)[0] < cut.radius(0.9)[0])[outside].mean() > 0.5
    border = np.minimum(truth, np.array(cut.image_size) - truth).min(axis=1)
    far = border > 0.2 * sides
    assert far.any()
    np.testing.assert_array_equal(cut.radius(0.9)[0][far], unknown.radius(0.9)[0][far])


def test_a_face_far_from_the_border_is_as_sure_as_before(whole):
    unknown = dataclasses.replace(whole, image_size=None)
    assert whole.image_size == (512, 512)
    np.testing.assert_array_equal(whole.radius(0.9), unknown.radius(0.9))
    np.testing.assert_array_equal(whole.confidence, unknown.confidence)


def test_radii_grow_towards_the_border_and_with_the_probability():
    square = np.array([[[0.0, 0.0], [100.0, 100.0], [50.0, 50.0]]])  # its side is 100
    moved = {
        x: USUAL.radii(square + np.array([x, 300]), (1000, 1000), 0.9)[0, 0] for x in range(-20, 20)
    }
    radii = np.array(list(moved.values()))
    assert (np.diff(radii) <= 0).all()
    assert moved[-20] == moved[-1] > moved[3] > moved[9] > 0 == moved[10]
    for x, y in ((900, 300), (300, -1), (300, 900)):  # each side counts
        assert USUAL.radii(square + np.array([x, y]), (1000, 1000), 0.9).max() == pytest.approx(
            moved[-1]
        )
    half, most = (USUAL.radii(square, (1000, 1000), p)[0, 0] for p in (0.5, 0.99))
    assert half < moved[-1] < most
    mean = 100 * USUAL.errors(square, (1000, 1000))[0, 0]
    assert half < mean < moved[-1]
    assert not USUAL.radii(square, None, 0.9).any()


def test_the_size_goes_with_the_faces(detector, image, whole):
    for some in (whole[0], whole[:1], pickle.loads(pickle.dumps(whole)), next(iter(whole))):
        assert some.image_size == (512, 512)
    assert whole[0].radius(0.5).shape == (68,)
    with Tracker(detector, background=False) as tracker:
        assert tracker.update(image[:300]).image_size == (512, 300)
    assert Faces.empty().image_size is None


@pytest.mark.parametrize("wrong", [(0, 5), 5, (1,), (1.5, 2), "ab", (1, 2, 3)])
def test_a_size_that_is_none_is_refused(whole, wrong):
    with pytest.raises(GeometryError, match="image_size"):
        dataclasses.replace(whole, image_size=wrong)


def test_coco_boxes_end_at_the_border_of_the_photo(detector, image, whole):
    part = np.ascontiguousarray(image[:, :235])
    row = detector.predict(part, five_points=whole.five_points).to_coco(image_id=1)[0]
    x, _, width, _ = row["bbox"]
    assert x + width == pytest.approx(235, abs=1e-3)
    assert {1, 2} == set(row["keypoints"][2::3])
