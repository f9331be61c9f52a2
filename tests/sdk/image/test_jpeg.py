"""Whether all of a JPEG is there, whatever lies behind it."""

import io

import cv2
import numpy as np
import pytest

from lapland import ImageError
from lapland.image.jpeg import read_jpeg
from lapland.image.loading import load_image
from tests.counted import CountedBytes, calls

FILM = b"\0\0\0\x18ftypmp42" + np.random.default_rng(0).bytes(20_000_000)


def saved(image, **options):
    pillow = pytest.importorskip("PIL.Image")
    file = io.BytesIO()
    mode = options.pop("mode", "RGB")
    pillow.fromarray(image[..., ::-1]).convert(mode).save(file, "JPEG", **options)
    return file.getvalue()


def encoded(image, *pairs):
    return cv2.imencode(".jpg", image, list(pairs))[1].tobytes()


FORMS = {
    "baseline": lambda p: encoded(p),
    "4:4:4": lambda p: saved(p, quality=90, subsampling=0),
    "optimised": lambda p: saved(p, optimize=True),
    "progressive": lambda p: encoded(p, cv2.IMWRITE_JPEG_PROGRESSIVE, 1),
    "grey": lambda p: saved(p, mode="L"),
    "CMYK": lambda p: saved(p, mode="CMYK"),
    "restarts": lambda p: encoded(p, cv2.IMWRITE_JPEG_RST_INTERVAL, 7),
    "restarts, progressive": lambda p: encoded(
        p, cv2.IMWRITE_JPEG_RST_INTERVAL, 5, cv2.IMWRITE_JPEG_PROGRESSIVE, 1
    ),
    "odd": lambda p: saved(np.ascontiguousarray(p[:301, :203]), subsampling=2),
}


@pytest.fixture(scope="module", params=FORMS)
def whole(request, image):
    return FORMS[request.param](np.ascontiguousarray(image[:320, 60:380]))


def refused(data, match="ends before the picture does"):
    with pytest.raises(ImageError, match=match):
        load_image(data)


def test_what_lies_behind_does_not_count(whole):
    right = load_image(whole)
    for behind in (FILM[:1000], FILM, bytes(5000), whole, whole[: len(whole) // 2], b"\xff" * 99):
        np.testing.assert_array_equal(load_image(whole + behind), right)


@pytest.mark.parametrize("part", [0.2, 0.5, 0.95])
@pytest.mark.parametrize("behind", ["nothing", "film", "picture", "zeros", "end", "ones"])
def test_cut_off_whatever_lies_behind(whole, image, part, behind):
    start = whole.index(b"\xff\xda")
    cut = whole[: start + int((len(whole) - start) * part)].rstrip(b"\xff")
    tail = {
        "nothing": b"",
        "film": FILM[:1_000_000],
        "picture": encoded(image[:64, :64]),
        "zeros": bytes(len(whole) - len(cut)),
        "end": b"\xff\xd9",
        "ones": b"\xff" * 5000,
    }[behind]
    if behind == "end" and b"\xff\xc2" in whole:
        pytest.skip("a progressive JPEG that was closed by a tool has all of its blocks, coarsely")
    refused(cut + tail)


def test_films_that_hold_an_end_marker_by_chance(whole):
    start = whole.index(b"\xff\xda")
    cut = whole[: start + (len(whole) - start) // 2].rstrip(b"\xff")
    for at in (3, 40, 500):
        refused(cut + FILM[100 : 100 + at].replace(b"\xff", b"\0") + b"\xff\xd9" + FILM[:5000])


@pytest.mark.parametrize("missing", [1, 2])
def test_only_the_end_marker_is_missing(whole, missing):
    np.testing.assert_array_equal(load_image(whole[:-missing]), load_image(whole))


@pytest.mark.parametrize("size", [400, 4096])
def test_zeros_that_a_disk_left(whole, size):
    start = whole.rindex(b"\xff\xda")
    for part in (0.3, 0.5, 0.8):
        at = start + int((len(whole) - start) * part)
        if at + size + 100 < len(whole):
            refused(whole[:at] + bytes(size) + whole[at + size :])


@pytest.mark.parametrize("value", [0, 128, 255])
@pytest.mark.parametrize("form", ["baseline", "optimised", "progressive", "restarts"])
def test_flat_pictures_are_whole(value, form):
    """Their scans may be zeros throughout, and their last pixel the grey of decoders."""
    flat = np.full((700, 900, 3), value, np.uint8)
    flat[:100, :100] = np.random.default_rng(1).integers(0, 255, (100, 100, 3))
    data = FORMS[form](flat)
    assert load_image(data).shape == flat.shape
    assert load_image(data + FILM[:9000]).shape == flat.shape
    assert load_image(data[:-2] + bytes(3000) + b"\xff\xd9").shape == flat.shape  # room, unused
    refused(data[: len(data) // 3])


def test_restart_markers_count_on(image):
    data = FORMS["restarts"](image)
    third = data.index(b"\xff\xd2")
    refused(data[:third] + data[data.index(b"\xff\xd3") :])
    refused(data[:third] + b"\xff\xd5" + data[third + 2 :])


def test_scans_are_counted_within_the_picture(image):
    data = encoded(image)
    scan = data.index(b"\xff\xda")
    refused(data[:-2] + data[scan:-2] * 101 + b"\xff\xd9", "is damaged or no image")
    assert load_image(data + data[scan:-2] * 200).shape == image.shape


def test_work_is_bounded(image):
    """A megabyte of markers, of scans without bytes, or of zeros."""
    data = encoded(image)
    scan = data.index(b"\xff\xda")
    empty = data[scan : scan + 2 + int.from_bytes(data[scan + 2 : scan + 4], "big")]
    for middle in (b"\xff\xd0" * 500_000, empty * 70_000, bytes(1_000_000), b"\xff\x01" * 500_000):
        long = CountedBytes(data[: scan + 500] + middle)
        assert calls(lambda: refused(long, ".")) < len(long)  # noqa: B023
        read_jpeg(long)
        assert long.copied < 2 * len(long)
