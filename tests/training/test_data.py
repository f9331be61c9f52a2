import numpy as np
import pytest

from lapland._scheme import IBUG68
from tests.drawn_faces import mean_shape, write_folder
from training import five_points
from training.augment import Augmentation
from training.data import CropSpec, TrainingCrops, five_from_landmarks, read_folder, read_split
from training.pts import read_pts

HEAD = "version: 1\nn_points:  2\n"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return write_folder(tmp_path_factory.mktemp("data") / "faces", 6)


def test_pts_coordinates_become_0_based(tmp_path):
    file = tmp_path / "a.pts"
    file.write_text(HEAD + "{\n1.000 1.000\n11.5 3\n}\n")
    np.testing.assert_array_equal(read_pts(file), [[0, 0], [10.5, 2]])


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (HEAD + "1 1\n2 2\n", "between braces"),
        (HEAD + "{\n1 1\n2 2\n", "between braces"),
        (HEAD + "{\n1 1\n2\n}", "3 numbers for 2 points"),
        (HEAD + "{\n1 1\n2 x\n}", "expected numbers"),
    ],
)
def test_wrong_pts_files_are_named(tmp_path, text, fault):
    file = tmp_path / "a.pts"
    file.write_text(text)
    with pytest.raises(ValueError, match=fault) as caught:
        read_pts(file)
    assert str(file) in str(caught.value)


def test_folder_is_read_whole_or_by_names(folder):
    faces = read_folder(folder, IBUG68)
    assert len(faces) == 6
    assert faces.landmarks.shape == (6, 68, 2)
    chosen = read_folder(folder, IBUG68, ["drawn/face_3"])
    assert chosen.names == ["drawn/face_3"]
    np.testing.assert_array_equal(chosen.landmarks[0], faces.landmarks[3])


def test_a_name_may_leave_out_folders_between(tmp_path):
    root = write_folder(tmp_path / "x" / "trainset", 2).parent
    faces = read_folder(root, IBUG68, ["trainset/face_1"])
    assert faces.names == ["trainset/drawn/face_1"]


def test_what_is_missing_is_named(folder, tmp_path):
    with pytest.raises(FileNotFoundError, match="0 photos match 'drawn/face_9'"):
        read_folder(folder, IBUG68, ["drawn/face_9"])
    with pytest.raises(FileNotFoundError, match="no such folder"):
        read_folder(tmp_path / "none", IBUG68)
    with pytest.raises(FileNotFoundError, match=r"no photo with a \.pts file"):
        read_folder(tmp_path, IBUG68)


def test_another_number_of_points_is_refused(tmp_path):
    root = write_folder(tmp_path / "faces", 2)
    (root / "drawn/face_0.pts").write_text(HEAD + "{\n1 1\n2 2\n}")
    with pytest.raises(ValueError, match="2 points, but the scheme ibug68 has 68"):
        read_folder(root, IBUG68)


def test_split_file_lists_names(folder):
    assert read_split(folder / "splits/val.txt") == ["drawn/face_5"]


def test_five_points_of_a_schematic_face():
    five = five_from_landmarks(mean_shape()[None], IBUG68)[0]
    np.testing.assert_allclose(
        five, [[-0.45, -0.3], [0.45, -0.3], [0, 0.15], [-0.38, 0.62], [0.38, 0.62]], atol=1e-12
    )


def test_faces_that_mtcnn_misses_fall_back_to_their_labels(folder, tmp_path):
    faces = read_folder(folder, IBUG68)
    five_points.detect(faces, cache=tmp_path)
    assert faces.detected.shape == (6, 5, 2)
    np.testing.assert_array_equal(faces.five_points[faces.missed], faces.labelled[faces.missed])
    assert np.isfinite(faces.five_points).all()
    again = five_points.detect(read_folder(folder, IBUG68), cache=tmp_path)  # from the cache
    np.testing.assert_array_equal(again.detected, faces.detected)


def test_overlap_of_boxes():
    boxes = np.array([[0, 0, 10, 10], [5, 0, 15, 10], [20, 20, 30, 30.0]])
    np.testing.assert_allclose(five_points.iou(boxes, boxes[0]), [1, 1 / 3, 0])


def test_mtcnn_finds_the_face_of_a_photo(photo, tmp_path):
    import cv2

    from training.data import Faces

    image = cv2.imread(str(photo))
    # A rough annotation: the bounding box is what decides.
    landmarks = mean_shape()[None] * 45 + [224, 118]
    faces = Faces(["a"], [image], landmarks, five_from_landmarks(landmarks, IBUG68))
    five_points.detect(faces, cache=tmp_path)
    assert not faces.missed.any()
    far = Faces(["a"], [image], landmarks + 200, five_from_landmarks(landmarks + 200, IBUG68))
    assert five_points.detect(far, cache=tmp_path).missed.all()


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
    from lapland import _geometry as geometry

    matrices = spec.matrices(faces.labelled)
    for i in range(len(faces)):
        crop, target = crops[i]
        np.testing.assert_array_equal(crop.numpy(), geometry.cut(faces.images[i], matrices[i], 80))
        expected = geometry.to_crop(faces.landmarks[i : i + 1], matrices[i : i + 1])[0]
        np.testing.assert_allclose(target.numpy(), expected, atol=1e-4)
