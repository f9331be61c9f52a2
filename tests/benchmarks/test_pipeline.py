"""The frames on which a pipeline file is compared with the detector."""

import numpy as np

from benchmarks.pipeline import fitted, mosaics


def test_a_mosaic_shows_as_many_photos_as_fit_whole():
    frames = [np.full((48, 64, 3), level, np.uint8) for level in range(1, 10)]
    found = mosaics(frames, 2, 2)
    assert [image.shape for image in found] == [(48, 64, 3)] * 2  # the ninth is left out
    levels = [image[12::24, 16::32, 0].ravel().tolist() for image in found]
    assert levels == [[1, 2, 3, 4], [5, 6, 7, 8]]


def test_a_mosaic_that_does_not_fill_the_frame_is_black_beyond():
    frames = [np.full((48, 64, 3), 200, np.uint8)] * 15
    (image,) = mosaics(frames, 5, 3)
    assert (image[:, :60] == 200).all()
    assert not image[:, 60:].any()


def test_a_photo_fills_one_side_of_its_frame_and_keeps_its_shape():
    frame = fitted(np.full((300, 100, 3), 200, np.uint8), 64, 48)
    assert frame.shape == (48, 64, 3)
    assert (frame[:, :16] == 200).all()
    assert not frame[:, 16:].any()
