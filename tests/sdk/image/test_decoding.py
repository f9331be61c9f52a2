"""Decoding: upright BGR of 8 bits, or an error that names file and cause."""

import cv2
import numpy as np
import pytest

from lapland import ImageError
from lapland.image.decoding import decode

MOST = 1 << 20


@pytest.fixture(scope="module")
def pixels():
    y, x = np.mgrid[:40, :60].astype(np.uint8)
    return np.dstack([x * 3, y * 4, np.full_like(x, 90)])


def encoded(pixels, suffix=".png"):
    return cv2.imencode(suffix, pixels)[1].tobytes()


def test_pixels_without_loss(pixels):
    found, notes = decode(encoded(pixels), "a.png", MOST)
    np.testing.assert_array_equal(found, pixels)
    assert notes == ()


def test_grey_and_16_bits_become_bgr_of_8(pixels):
    grey, _ = decode(encoded(pixels[..., 0]), "a.png", MOST)
    np.testing.assert_array_equal(grey, np.repeat(pixels[..., :1], 3, axis=2))
    deep, notes = decode(encoded(pixels.astype(np.uint16) * 257), "a.png", MOST)
    np.testing.assert_array_equal(deep, pixels)
    assert notes == ()
    ten, notes = decode(encoded(pixels.astype(np.uint16) * 4), "a.png", MOST)
    assert np.abs(ten.astype(int) - pixels).max() <= 1
    assert "read as 10 bits" in notes[0]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "a.png: is empty"),
        (b"\x89PNG\r\n\x1a\nnone" + bytes(20), "a.png: is damaged or no image; expected JPEG"),
        (b"%PDF-1.7", "a.png: this is "),
        (b"FUJIFILMCCD-RAW", "camera raw"),
    ],
)
def test_errors_name_the_file(data, words):
    with pytest.raises(ImageError) as caught:
        decode(data, "a.png", MOST)
    assert words in str(caught.value)


def test_too_many_pixels_are_refused_unread(pixels):
    with pytest.raises(ImageError, match="announces 60 x 40 pixels, and 2399 is the limit"):
        decode(encoded(pixels), "a.png", 2399)
    decode(encoded(pixels), "a.png", 2400)


def test_a_file_that_was_cut_off(pixels):
    data = encoded(pixels)
    with pytest.raises(ImageError, match="ends before the picture does"):
        decode(data[:-20], "a.png", MOST)
