import cv2
import numpy as np
import pytest

from lapland.crop import square
from lapland.detection.mtcnn import Mtcnn
from lapland.networks import loading
from training.data.augment import Augmentation
from training.data.crops import CropSpec
from training.data.unlabelled import WIDE, UnlabelledCrops, crop_folder


def test_folder_is_cropped_once_around_the_middle_face(photo, tmp_path, monkeypatch):
    folder = tmp_path / "photos"
    folder.mkdir()
    image = cv2.imread(str(photo))
    cv2.imwrite(str(folder / "a.png"), image[:, 60:420])
    cv2.imwrite(str(folder / "blank.png"), np.zeros((100, 100, 3), np.uint8))
    (folder / "broken.jpg").write_bytes(b"no picture")
    crops = crop_folder(folder, CropSpec(), tmp_path / "cache")
    assert crops.shape == (1, WIDE, WIDE, 3)
    monkeypatch.setattr(Mtcnn, "detect", lambda *_: pytest.fail("the crops are in the cache"))
    again = crop_folder(folder, CropSpec(), tmp_path / "cache")
    np.testing.assert_array_equal(again, crops)

    monkeypatch.undo()

    # Cut again, it is the crop that the run time cuts from the photo.
    _, _, points = Mtcnn(*loading.load_mtcnn()).detect(image[:, 60:420])
    matrix = CropSpec().matrices(points.astype(np.float64))[0]
    cut = square.cut(np.ascontiguousarray(image[:, 60:420]), matrix, 80).astype(int)
    plain = UnlabelledCrops(crops, Augmentation())[0].numpy()
    assert np.abs(plain - cut).mean() < 1.5
    assert np.abs(plain - cut).max() < 30


def test_crops_repeat_for_the_same_epoch(photo):
    image = cv2.resize(cv2.imread(str(photo)), (WIDE, WIDE))
    data = UnlabelledCrops(image[None], Augmentation(rotation=10, flip=0.5, noise=1.0), seed=3)
    first = data[0]
    assert data[0].equal(first)
    data.epoch = 1
    assert not data[0].equal(first)


def test_empty_folders_are_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="found none"):
        crop_folder(tmp_path, CropSpec(), tmp_path)
    cv2.imwrite(str(tmp_path / "a.png"), np.zeros((50, 50, 3), np.uint8))
    with pytest.raises(FileNotFoundError, match="finds no face in any of 1 photos"):
        crop_folder(tmp_path, CropSpec(), tmp_path)
