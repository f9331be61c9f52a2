"""Which picture of a TIFF is the photo, what its samples mean, and what is said of the others."""

import logging

import cv2
import numpy as np
import pytest

from lapland import ImageError
from lapland.image.loading import load_image, read_image
from tests.tiffs import Writer, tiff


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"compression": 6, "tags": {513: 8, 514: 999}}, ["old-style JPEG", "cannot decode"]),
        ({"compression": 34712}, ["JPEG 2000"]),
        ({"compression": 34933}, ["PNG"]),
        ({"compression": 50002}, ["JPEG XL"]),
        ({"compression": 50000}, ["ZSTD"]),
        ({"compression": 50001}, ["WebP"]),
        ({"compression": 34925}, ["LZMA"]),
        ({"compression": 77}, ["scheme 77"]),
        ({"photometric": 8}, ["CIELAB"]),
        ({"photometric": 32845}, ["LogLuv"]),
    ],
)
def test_what_is_not_read_is_named(small, options, words):
    with pytest.raises(ImageError) as caught:
        load_image(tiff(small, **options))
    assert all(word in str(caught.value) for word in [*words, "TIFF of 8-bit", "save it"])
    assert "damaged" not in str(caught.value)


def test_bands_and_odd_numbers_are_named(small):
    five = np.dstack([small, small[..., :2]])
    with pytest.raises(ImageError, match="5 bands"):
        load_image(tiff(five))
    with pytest.raises(ImageError, match="64-bit unsigned"):
        load_image(tiff(small.astype("u8")))
    with pytest.raises(ImageError, match=r"32-bit floats.*NaN"):
        load_image(tiff(np.full_like(small, np.nan, "f4")))
    with pytest.raises(ImageError, match=r"32-bit floats.*up to 1e\+06"):
        load_image(tiff(np.full_like(small, 1e6, "f4")))


# --- several pictures


@pytest.mark.parametrize("part", [2, 4, 16])
@pytest.mark.parametrize("marked", [True, False])
@pytest.mark.parametrize("layout", ["page behind", "sub-directory"])
def test_a_thumbnail_in_front_of_the_photo(rgb, part, marked, layout):
    tags = {254: 1} if marked else {}
    thumbnail = cv2.resize(rgb, None, fx=1 / part, fy=1 / part, interpolation=cv2.INTER_AREA)
    writer = Writer()
    if layout == "page behind":
        writer.add(thumbnail, tags=tags)
        writer.add(rgb, rows=64)
    else:
        writer.add(thumbnail, tags=tags, below=[writer.directory(rgb, tile=128)])
    found, notes = read_image(bytes(writer))
    np.testing.assert_array_equal(found, rgb[..., ::-1])
    assert not notes


def test_a_thumbnail_behind_the_photo_and_a_mask(rgb, small):
    writer = Writer(">")
    writer.add(rgb, below=[writer.directory(small, tags={254: 1})])
    writer.add(small, tags={254: 1})
    writer.add(np.full(rgb.shape[:2], 255, np.uint8), tags={254: 4})
    found, notes = read_image(bytes(writer))
    np.testing.assert_array_equal(found, rgb[..., ::-1])
    assert not notes


def test_a_scan_of_several_pages_is_its_first_and_that_is_said(rgb, caplog):
    writer = Writer()
    for picture in (rgb, 255 - rgb, rgb[::-1]):
        writer.add(picture, tags={254: 2})
    with caplog.at_level(logging.INFO, "lapland"):
        np.testing.assert_array_equal(load_image(bytes(writer)), rgb[..., ::-1])
    assert "3 pages; the first is read" in caplog.text


@pytest.mark.parametrize("sign", ["colour filter array", "DNG version", "CR2"])
def test_camera_raw_is_named(small, sign):
    writer = Writer()
    filtered = {"photometric": 32803} if sign == "colour filter array" else {}
    below = [writer.directory(small[..., 0].astype("u2") * 16, **filtered)]
    writer.add(small, tags={254: 1} | ({50706: 1} if sign == "DNG version" else {}), below=below)
    data = bytes(writer)
    if sign == "CR2":
        data = data[:8] + b"CR" + data[10:]
    with pytest.raises(ImageError, match="this is camera raw; export it"):
        load_image(data)


def test_directories_that_go_round(small):
    writer = Writer()
    writer.add(small)
    data = bytearray(bytes(writer))
    data[-4:] = data[4:8]  # the next directory is the first
    np.testing.assert_array_equal(load_image(bytes(data)), small[..., ::-1])
    data[-4:] = b"\xff\xff\xff\xf0"  # or lies nowhere
    np.testing.assert_array_equal(load_image(bytes(data)), small[..., ::-1])
