import cv2
import numpy as np
import pytest

from lapland.crop import square
from lapland.crop.five_points import UPRIGHT, roll
from lapland.detection.mtcnn import Mtcnn
from lapland.schemes.aflw19 import AFLW19
from lapland.schemes.ibug68 import IBUG68
from tests.drawn_faces import mean_shape, to_aflw19, write_folder, write_list
from training.data import detected
from training.data.augment import Augmentation
from training.data.crops import CropSpec, TrainingCrops
from training.data.faces import AnnotatedFaces, five_from_landmarks
from training.data.readers import read_faces, read_folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return write_folder(tmp_path_factory.mktemp("data") / "faces", 6)


def test_five_points_of_a_schematic_face():
    five = five_from_landmarks(mean_shape()[None], IBUG68)[0]
    np.testing.assert_allclose(
        five, [[-0.45, -0.3], [0.45, -0.3], [0, 0.15], [-0.38, 0.62], [0.38, 0.62]], atol=1e-12
    )


TURN = np.array([[np.cos(0.5), -np.sin(0.5)], [np.sin(0.5), np.cos(0.5)]])


def test_missing_ones_of_the_five_points_follow_from_the_others():
    shape = 40 * to_aflw19(mean_shape()) @ TURN.T + 100
    whole = five_from_landmarks(shape[None], AFLW19)[0]
    half = shape.copy()
    half[[3, 4, 5, 9, 10, 11, 14, 17]] = np.nan  # the right side
    five = five_from_landmarks(half[None], AFLW19)[0]
    np.testing.assert_array_equal(five[[0, 2, 3]], whole[[0, 2, 3]])
    # The drawn face is not the upright model, but near it.
    assert np.abs(five - whole).max() < 0.25 * np.linalg.norm(whole[1] - whole[0])
    assert roll(five[None])[0] == pytest.approx(0.5, abs=0.12)


def test_five_points_of_the_model_face_are_restored_exactly():
    points = np.full((4, 19, 2), np.nan)
    at = [7, 10, 13, 15, 17]
    points[:, at] = 30 * UPRIGHT @ TURN.T + [50, 60]
    for face, hidden in zip(points, ([10, 17], [7], [13, 15, 17], [7, 10, 13]), strict=True):
        face[hidden] = np.nan
    expected = np.stack([30 * UPRIGHT @ TURN.T + [50, 60]] * 4)
    np.testing.assert_allclose(five_from_landmarks(points, AFLW19), expected, atol=1e-9)


def test_crop_of_a_profile_holds_what_is_visible():
    """Seen from the side, a face is some half as wide, and its nose lies in front of its eye."""
    shape = 40 * to_aflw19(mean_shape())
    shape[:, 0] = 0.4 * shape[:, 0] + 30 * np.isin(np.arange(19), [12, 13])
    shape[[3, 4, 5, 9, 10, 11, 14, 17]] = np.nan
    five = five_from_landmarks(shape[None], AFLW19)
    crop = square.to_crop(shape[None], CropSpec().matrices(five))[0]
    seen = crop[~np.isnan(crop[:, 0])]
    assert len(seen) == 11
    assert seen.min() > 5
    assert seen.max() < 74
    assert np.ptp(seen, axis=0).max() > 30


@pytest.mark.parametrize("visible", [[18], [0, 6, 13], [15, 16]])
def test_five_points_are_finite_whatever_is_visible(visible):
    points = np.full((1, 19, 2), np.nan)
    points[0, visible] = to_aflw19(mean_shape())[visible] * 30 + [140, 145]
    assert np.isfinite(five_from_landmarks(points, AFLW19)).all()
    # Where the face has a box, its five points lie in it.
    box = np.array([[100.0, 100.0, 180.0, 200.0]])
    five = five_from_landmarks(points, AFLW19, box)[0]
    placed = five[[0, 1, 3, 4]]
    assert ((placed > 100) & (placed < [180, 200])).all()
    assert np.isfinite(CropSpec().matrices(five[None])).all()


def test_five_points_that_coincide_are_no_guide():
    points = np.full((1, 19, 2), np.nan)
    points[0, [7, 10]] = 5.0
    five = five_from_landmarks(points, AFLW19, np.array([[0.0, 0, 100, 120]]))
    assert np.ptp(five, axis=1).min() > 10


def test_flipped_crops_keep_what_is_not_visible_invisible(tmp_path):
    root = write_list(tmp_path / "aflw", 4)
    faces = read_faces(root, AFLW19, root / "splits/train.txt")
    plain = TrainingCrops(faces, AFLW19, CropSpec(), Augmentation())
    flipped = TrainingCrops(faces, AFLW19, CropSpec(), Augmentation(flip=1.0))
    for i in range(len(faces)):
        target, mirrored = plain[i][1].numpy(), flipped[i][1].numpy()
        expected = (target * [-1, 1] + [79, 0])[list(AFLW19.mirror)]
        np.testing.assert_allclose(mirrored, expected, atol=1e-4)  # NaN where NaN
        assert np.isnan(target).any() == (i % 2 == 1)


def test_a_photo_that_faces_share_is_searched_once(photo, tmp_path, monkeypatch):
    image = cv2.imread(str(photo))
    calls = []
    search = Mtcnn.detect
    monkeypatch.setattr(Mtcnn, "detect", lambda self, i: calls.append(i) or search(self, i))
    landmarks = np.full((2, 19, 2), np.nan)
    landmarks[:, 18] = [222, 168], [400, 400]  # one landmark is visible: the box decides
    boxes = np.array([[180.0, 64, 265, 172], [350, 350, 450, 450]])
    faces = AnnotatedFaces.from_landmarks(
        ["a", "b"], [image, image], landmarks, AFLW19, boxes=boxes, sizes=np.array([96.0, 100.0])
    )
    detected.add_detected(faces, cache=tmp_path)
    assert faces.missed.tolist() == [False, True]
    assert len(calls) == 1
    moved = AnnotatedFaces.from_landmarks(
        ["a", "b"], [image] * 2, landmarks, AFLW19, boxes=boxes[::-1], sizes=np.ones(2)
    )
    # The boxes are part of what the cache knows a face by.
    assert detected.add_detected(moved, cache=tmp_path).missed.tolist() == [True, False]


def test_faces_that_mtcnn_misses_fall_back_to_their_labels(folder, tmp_path):
    faces = read_folder(folder, IBUG68)
    detected.add_detected(faces, cache=tmp_path)
    assert faces.detected.shape == (6, 5, 2)
    np.testing.assert_array_equal(faces.five_points[faces.missed], faces.labelled[faces.missed])
    assert np.isfinite(faces.five_points).all()
    again = detected.add_detected(read_folder(folder, IBUG68), cache=tmp_path)  # from the cache
    np.testing.assert_array_equal(again.detected, faces.detected)


def test_mtcnn_finds_the_face_of_a_photo(photo, tmp_path):
    image = cv2.imread(str(photo))
    # A rough annotation: the bounding box is what decides.
    landmarks = mean_shape()[None] * 45 + [224, 118]
    faces = AnnotatedFaces.from_landmarks(["a"], [image], landmarks, IBUG68)
    detected.add_detected(faces, cache=tmp_path)
    assert not faces.missed.any()
    far = AnnotatedFaces.from_landmarks(["a"], [image], landmarks + 200, IBUG68)
    assert detected.add_detected(far, cache=tmp_path).missed.all()


def test_training_crops_repeat_for_the_same_seed_epoch_and_index(folder):
    how = Augmentation(rotation=10, zoom=0.1, shift=0.03, flip=0.5, light=0.5, noise=1, blur=1)
    crops = TrainingCrops(read_folder(folder, IBUG68), IBUG68, CropSpec(), how, seed=1)
    first, again = crops[2], crops[2]
    assert all((a == b).all() for a, b in zip(first, again, strict=True))
    crops.epoch = 1
    assert not (crops[2][0] == first[0]).all()


def test_without_augmentation_crops_are_those_of_the_run_time(folder):
    faces = read_folder(folder, IBUG68)
    spec = CropSpec(factor=3.0, upright=True)
    crops = TrainingCrops(faces, IBUG68, spec, Augmentation())
    matrices = spec.matrices(faces.labelled)
    for i in range(len(faces)):
        crop, target = crops[i]
        np.testing.assert_array_equal(crop.numpy(), square.cut(faces.images[i], matrices[i], 80))
        expected = square.to_crop(faces.landmarks[i : i + 1], matrices[i : i + 1])[0]
        np.testing.assert_allclose(target.numpy(), expected, atol=1e-4)
