"""The photos of a 300-W folder and the windows that are cut from them."""

import cv2
import numpy as np
import pytest

from benchmarks.peers import photos


@pytest.mark.parametrize("shape", [(1000, 700), (480, 640), (200, 900), (97, 60)])
def test_the_window_shows_the_face_where_its_box_says(shape):
    image = np.zeros((*shape, 3), np.uint8)
    box = np.array([shape[1] * 0.3, shape[0] * 0.4, shape[1] * 0.5, shape[0] * 0.5]).round()
    left, top, right, bottom = box.astype(int)
    image[top : bottom + 1, left : right + 1] = 255
    corners = box.reshape(2, 2)
    window = photos.window(photos.Photo(image, box, corners))
    assert window.image.shape == (480, 640, 3)
    rows, columns = np.nonzero(window.image[..., 0] > 127)
    scale = max(640 / shape[1], 480 / shape[0])
    shown = np.array([columns.min(), rows.min(), columns.max(), rows.max()])
    np.testing.assert_allclose(shown, window.box.clip(0, [639, 479] * 2), atol=scale / 2 + 1)
    assert window.landmarks is not None
    np.testing.assert_allclose(window.landmarks.reshape(4), window.box)


def test_a_folder_is_read_as_its_split_says(tmp_path, image):
    (tmp_path / "splits").mkdir()
    (tmp_path / "splits" / "some.txt").write_text("a\nb\nc\n")
    cv2.imwrite(str(tmp_path / "c.png"), image)
    (tmp_path / "c.pts").write_text("version: 1\nn_points: 2\n{\n182 83\n267 172\n}\n")
    assert photos.names(tmp_path, "some", None) == ["a", "b", "c"]
    assert photos.names(tmp_path, "some", 2) == ["a", "b"]
    photo = photos.read(tmp_path, "c")
    np.testing.assert_array_equal(photo.image, image)
    np.testing.assert_array_equal(photo.box, photos.ASTRONAUT_FACE)  # .pts are 1-based
    with pytest.raises(FileNotFoundError, match="a: no photo of this name"):
        photos.read(tmp_path, "a")
    with pytest.raises(FileNotFoundError, match="common"):
        photos.names(tmp_path, "common", None)
