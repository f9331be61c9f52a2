"""Headers: size and end of every format, read before anything is decoded."""

import cv2
import numpy as np
import pytest

from lapland.image.headers import begins_as_photo, read_header

NAMES = {
    ".jpg": "JPEG",
    ".png": "PNG",
    ".webp": "WebP",
    ".bmp": "BMP",
    ".tiff": "TIFF",
    ".ppm": "PNM",
    ".jp2": "JPEG 2000",
    ".gif": "GIF",
}


@pytest.fixture(scope="module")
def pixels():
    y, x = np.mgrid[:48, :64].astype(np.uint8)
    return np.dstack([x * 3, y * 4, np.full_like(x, 90)])


def encode(pixels, suffix):
    if not cv2.haveImageWriter(f"a{suffix}"):
        pytest.skip(f"OpenCV {cv2.__version__} writes no {suffix}")
    return cv2.imencode(suffix, pixels)[1].tobytes()


@pytest.mark.parametrize("suffix", NAMES)
def test_format_and_size(pixels, suffix):
    data = encode(pixels, suffix)
    header = read_header(data)
    assert (header.format, header.width, header.height) == (NAMES[suffix], 64, 48)
    assert (header.whole, header.orientation, header.refusal) == (True, 1, None)
    assert begins_as_photo(data[:64]) or suffix in (".bmp", ".ppm")


@pytest.mark.parametrize(("quality", "chunk"), [(80, b"VP8 "), (101, b"VP8L")])
def test_both_kinds_of_webp_have_their_size(pixels, quality, chunk):
    given, data = cv2.imencode(".webp", pixels, [cv2.IMWRITE_WEBP_QUALITY, quality])
    assert given
    assert data[12:16].tobytes() == chunk
    header = read_header(data.tobytes())
    assert (header.width, header.height, header.whole) == (64, 48, True)


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".webp"])
def test_formats_that_show_their_end(pixels, suffix):
    data = encode(pixels, suffix)
    assert not read_header(data[: len(data) // 2]).whole


def test_depth(pixels):
    deep = encode(pixels.astype(np.uint16) * 257, ".png")
    assert read_header(deep).bits == 16
    assert read_header(encode(pixels, ".png")).bits == 8


@pytest.mark.parametrize("suffix", NAMES)
def test_a_header_that_ends_gives_no_other_size(pixels, suffix):
    data = encode(pixels, suffix)
    for size in range(min(20, len(data))):
        header = read_header(data[:size])  # no error, and no other size
        assert header is None or not header.whole or (header.width, header.height) == (64, 48)


NO_WEBP = b"RIFF....WEBPBAD " + bytes(40)  # of no known kind


@pytest.mark.parametrize("data", [b"", b"text", bytes(100), b"BM", b"GIF89a", NO_WEBP])
def test_no_header(data):
    assert read_header(data) is None
