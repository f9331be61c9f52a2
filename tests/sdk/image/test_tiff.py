"""Which picture of a TIFF is the photo, what its samples mean, and what is said of the others."""

import logging

import cv2
import numpy as np
import pytest

from lapland import ImageError
from lapland.image.loading import load_image, read_image
from tests.tiffs import PACKERS, Writer, tiff


@pytest.fixture(scope="module")
def rgb(image):
    return np.ascontiguousarray(image[..., ::-1])


@pytest.fixture(scope="module")
def small(rgb):
    return cv2.resize(rgb, (120, 90), interpolation=cv2.INTER_AREA)


LAYOUTS = {
    "strips": {"rows": 16},
    "one strip": {},
    "tiles": {"tile": 64},
    "planes": {"planar": True, "rows": 16},
    "planes of tiles": {"planar": True, "tile": 32},
    "deflate": {"compression": 8, "rows": 16},
    "lzw": {"compression": 5, "rows": 16},
    "packbits": {"compression": 32773, "rows": 16},
}


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize(
    ("kind", "factor"),
    [
        *[("u1", 1), ("u2", 257), ("u2", 16), ("i2", 128), ("u4", 16843009), ("f2", 1 / 255)],
        *[("f4", 1 / 255), ("f4", 1), ("f8", 1 / 255), ("i4", 1 << 23)],
    ],
)
def test_samples_of_every_kind_and_layout(small, layout, order, kind, factor):
    deep = (small.astype("f8") * factor).astype(kind)
    found = load_image(tiff(deep, order, **LAYOUTS[layout]))
    assert np.abs(found.astype(int) - small[..., ::-1]).max() <= 1


@pytest.mark.parametrize("kind", ["u1", "u2", "f4"])
@pytest.mark.parametrize("bands", [1, 2, 4])
@pytest.mark.parametrize("planar", [False, True])
def test_grey_and_alpha(small, kind, bands, planar):
    """Alpha is ignored, as in arrays; a light one darkens nothing."""
    colours = small[..., :1] if bands < 3 else small
    alpha = np.full_like(small[..., :1], 40)
    pixels = np.dstack([colours, alpha]) if bands in (2, 4) else colours
    if kind == "f4" and bands == 2 and not planar:
        with pytest.raises(ImageError, match="32-bit floats, 2 bands"):
            load_image(tiff(pixels.astype("f4")))
        return
    scale = {"u1": 1, "u2": 257, "f4": 1 / 255}[kind]
    found = load_image(tiff((pixels * np.array(scale, "f8")).astype(kind), planar=planar))
    expected = np.broadcast_to(colours[..., ::-1], small.shape)
    assert np.abs(found.astype(int) - expected).max() <= 1


@pytest.mark.parametrize(("kind", "scale"), [("u1", 1), ("u2", 257), ("u2", 16)])
def test_white_is_zero(small, kind, scale):
    grey = small[..., 1].astype(int)
    white = 255 * scale if scale != 16 else 65535
    pixels = (white - grey * (scale if scale != 16 else 257)).astype(kind)
    found = load_image(tiff(pixels, photometric=0))
    assert np.abs(found[..., 0].astype(int) - grey).max() <= 1


@pytest.mark.parametrize(
    ("options", "words"),
    [
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


# --- a part that is not there


@pytest.mark.parametrize("layout", ["deflate", "lzw", "packbits"])
@pytest.mark.parametrize("kind", ["u1", "u2"])
@pytest.mark.parametrize("planar", [False, True])
def test_a_strip_that_cannot_be_decoded(small, layout, kind, planar):
    pixels = small.astype(kind) * (257 if kind == "u2" else 1)
    data = tiff(pixels, planar=planar, **LAYOUTS[layout])
    plane = pixels[:16, :, :1] if planar else pixels[:16]
    first = PACKERS[LAYOUTS[layout]["compression"]](np.ascontiguousarray(plane).tobytes())
    strip = data.index(first[:40])
    middle = strip + 900
    if layout == "packbits":
        end = strip + len(first)
        broken = data[:middle] + b"\x80" * (end - middle) + data[end:]  # says nothing
    elif layout == "deflate":
        broken = data[:middle] + bytes(400) + data[middle + 400 :]
    else:
        broken = data[:middle] + b"\xff" * 400 + data[middle + 400 :]
    with pytest.raises(ImageError, match="is damaged, or a TIFF of"):
        load_image(broken)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("value", [0, 255])
def test_strips_of_one_value_are_no_damage(small, layout, value):
    """A frame of black or white, of which the last row of many a strip is a part."""
    framed = small.copy()
    framed[:40] = framed[70:] = value
    np.testing.assert_array_equal(load_image(tiff(framed, **LAYOUTS[layout])), framed[..., ::-1])


@pytest.mark.parametrize("layout", LAYOUTS)
def test_cut_in_its_last_strip(small, layout):
    writer = Writer()
    writer.directory(small, **LAYOUTS[layout])
    picture = len(bytes(writer))
    front = Writer()
    front.add(small, **LAYOUTS[layout])
    data = bytes(front)
    assert picture <= len(data)
    with pytest.raises(ImageError):
        load_image(data[: len(data) // 2])
