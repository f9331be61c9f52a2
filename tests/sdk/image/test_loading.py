"""What counts as an image, and what is said of everything else."""

import os
import struct
from pathlib import Path

import cv2
import numpy as np
import pytest

from lapland import ImageError, ImageNotFoundError
from lapland.image.loading import load_image
from tests.drawn_dots import encode

RED, GREEN, BLUE, WHITE = (0, 0, 230), (0, 200, 0), (220, 0, 0), (250, 250, 250)


@pytest.fixture
def picture():
    """48 x 32, a colour in each quarter, so that no turn or flip of it is like another."""
    pixels = np.zeros((32, 48, 3), np.uint8)
    for rows, columns, colour in ((0, 0, RED), (0, 24, GREEN), (16, 0, BLUE), (16, 24, WHITE)):
        pixels[rows : rows + 16, columns : columns + 24] = colour
    return pixels


def exif(orientation, thumbnail=b""):
    """An APP1 segment: one directory of one entry, and bytes where thumbnails lie."""
    entry = struct.pack("<HHIHH", 0x0112, 3, 1, orientation, 0)
    tiff = b"II*\0" + struct.pack("<I", 8) + struct.pack("<H", 1) + entry + struct.pack("<I", 0)
    body = b"Exif\0\0" + tiff + thumbnail
    return b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body


def with_exif(jpeg, *arguments):
    assert jpeg.startswith(b"\xff\xd8")
    return jpeg[:2] + exif(*arguments) + jpeg[2:]


def assert_close(a, b):
    """Equal but for what JPEG changes, which is most at the edges of the quarters."""
    assert a.shape == b.shape
    assert abs(a.astype(int) - b).mean() < 6


# --- what is accepted


def test_paths_and_bytes_give_the_same(photo, image):
    data = photo.read_bytes()
    forms = [photo, str(photo), data, bytearray(data), memoryview(data), os.path.relpath(photo)]
    for given in forms:
        pixels = load_image(given)
        assert pixels.dtype == np.uint8
        np.testing.assert_array_equal(pixels, image)


@pytest.mark.parametrize("suffix", [".png", ".bmp", ".tiff", ".webp", ".jpg"])
def test_formats(tmp_path, picture, suffix):
    data = encode(picture, suffix)
    path = tmp_path / f"Übung, eins{suffix}.dat"  # what counts is the content
    path.write_bytes(data)
    assert_close(load_image(path), picture)
    np.testing.assert_array_equal(load_image(path), load_image(data))


def test_arrays_are_passed_on(image):
    assert load_image(image) is image


def test_grey_arrays():
    grey = np.arange(60, dtype=np.uint8).reshape(6, 10)
    expected = np.repeat(grey[..., None], 3, axis=2)
    np.testing.assert_array_equal(load_image(grey), expected)
    np.testing.assert_array_equal(load_image(grey[..., None]), expected)
    np.testing.assert_array_equal(load_image(grey[:, ::-2]), expected[:, ::-2])


def test_alpha_is_dropped(picture):
    alpha = np.arange(picture[..., 0].size).reshape(picture.shape[:2]).astype(np.uint8)
    bgra = np.dstack([picture, alpha])
    np.testing.assert_array_equal(load_image(bgra), picture)
    np.testing.assert_array_equal(load_image(encode(bgra, ".png")), picture)


def test_sixteen_bits_grey_and_palette_files(picture):
    deep = picture.astype(np.uint16) * 257
    np.testing.assert_array_equal(load_image(encode(deep, ".png")), picture)
    grey = picture[..., 1]
    expected = np.repeat(grey[..., None], 3, axis=2)
    np.testing.assert_array_equal(load_image(encode(grey, ".png")), expected)


@pytest.mark.parametrize(
    ("orientation", "shown"),
    [
        (1, lambda p: p),
        (2, lambda p: p[:, ::-1]),
        (3, lambda p: p[::-1, ::-1]),
        (4, lambda p: p[::-1]),
        (5, lambda p: p.transpose(1, 0, 2)),
        (6, lambda p: np.rot90(p, -1)),
        (7, lambda p: p[::-1, ::-1].transpose(1, 0, 2)),
        (8, lambda p: np.rot90(p)),
    ],
)
def test_exif_orientation(tmp_path, picture, orientation, shown):
    data = with_exif(encode(picture), orientation)
    assert_close(load_image(data), shown(picture))
    path = tmp_path / "turned.jpg"
    path.write_bytes(data)
    assert_close(load_image(path), shown(picture))


@pytest.mark.parametrize("container", ["contiguous", "fortran", "flipped", "rgb view", "cropped"])
def test_layout_does_not_matter(detector, image, container):
    view = {
        "contiguous": image,
        "fortran": np.asfortranarray(image),
        "flipped": np.ascontiguousarray(image[:, ::-1])[:, ::-1],
        "rgb view": np.ascontiguousarray(image[..., ::-1])[..., ::-1],
        "cropped": np.pad(image, ((3, 5), (7, 2), (0, 0)))[3:-5, 7:-2],
    }[container]
    view.flags.writeable = False
    faces, expected = detector.predict(view), detector.predict(image)
    np.testing.assert_array_equal(faces.landmarks, expected.landmarks)
    np.testing.assert_array_equal(faces.scales, expected.scales)


def test_the_callers_array_is_left_alone(detector, image):
    for given in (image.copy(), image[..., 1].copy(), np.dstack([image, image[..., 0]])):
        before = given.copy()
        load_image(given)[:0] = 0
        detector.predict(given)
        np.testing.assert_array_equal(given, before)
        assert given.flags.writeable


# --- what is refused


def refusal(given, *words, error=ImageError):
    with pytest.raises(error) as caught:
        load_image(given)
    assert isinstance(caught.value, ValueError)
    for word in words:
        assert word in str(caught.value)
    return caught.value


def test_missing_file(tmp_path):
    path = tmp_path / "nobody.jpg"
    error = refusal(path, str(path), "no such file", error=ImageNotFoundError)
    assert isinstance(error, FileNotFoundError)
    refusal(str(path), str(path), error=ImageNotFoundError)


def test_paths_that_are_no_file(tmp_path, photo):
    with pytest.raises(ImageError, match="found an empty text"):
        load_image("")
    refusal(tmp_path, str(tmp_path), "folder")
    refusal(photo / "below", str(photo / "below"))
    refusal("with\0null.jpg", "cannot be read")
    refusal("https://example.org/people.jpg", "example.org/people.jpg", "downloads nothing")


@pytest.mark.parametrize("form", ["path", "bytes"])
@pytest.mark.parametrize(
    ("data", "word"),
    [(b"", "empty"), (b"a diary, not a picture", "JPEG"), (b"\0" * 500, "JPEG"), (b"RIFF", "JPEG")],
)
def test_not_an_image(tmp_path, data, word, form):
    path = tmp_path / "wrong.jpg"
    path.write_bytes(data)
    refusal(*((path, str(path)) if form == "path" else (data, "encoded image")), word)


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".webp", ".bmp", ".tiff"])
@pytest.mark.parametrize("part", [0.03, 0.5, 0.97])
def test_truncated_files(tmp_path, image, suffix, part):
    whole = encode(image[:128, 128:256], suffix)
    path = tmp_path / f"cut{suffix}"
    path.write_bytes(whole[: int(len(whole) * part)])
    refusal(path, str(path))
    assert load_image(whole).shape == (128, 128, 3)


def test_a_thumbnail_is_not_the_end_of_the_picture(image):
    small = encode(cv2.resize(image, (40, 40)))
    whole = with_exif(encode(image), 1, small)
    assert load_image(whole).shape == image.shape
    for size in (len(small) + 60, len(whole) // 2, len(whole) - 300):
        refusal(whole[:size], "ends before the picture does")


def test_stray_bytes_between_segments_do_not_matter(image):
    data = encode(image)
    at = 4 + int.from_bytes(data[4:6], "big")  # after the first segment
    stray = data[:at] + b"\0\0" + data[at:]
    np.testing.assert_array_equal(load_image(stray), load_image(data))
    refusal(stray[: len(stray) // 2], "ends before the picture does")


def test_bytes_after_the_end_do_not_matter(image):
    for suffix in (".jpg", ".png"):
        data = encode(image, suffix)
        np.testing.assert_array_equal(load_image(data + b"\0" * 999), load_image(data))


@pytest.mark.parametrize(
    ("array", "words"),
    [
        (np.zeros((8, 9, 3), np.float32), ["float32", "(8, 9, 3)", "* 255"]),
        (np.full((8, 9, 3), np.nan), ["NaN"]),
        (np.zeros((8, 9, 3), np.uint16), ["uint16", "// 257"]),
        (np.zeros((8, 9, 3), np.int64), ["int64", "uint8"]),
        (np.zeros((8, 9), bool), ["bool", "255"]),
        (np.zeros((8, 9, 3), object), ["object"]),
        (np.zeros((), np.uint8), ["shape ()"]),
        (np.zeros((99,), np.int8), ["(99,)", "int8"]),
        ((np.arange(72) * 50).reshape(4, 6, 3).astype("u2"), [">> 4", "12 bits"]),
        ((np.arange(72) * 9).reshape(4, 6, 3).astype("u2"), [">> 2", "10 bits"]),
        ((np.arange(72) * 900).reshape(4, 6, 3).astype("u2"), ["16 bits", "// 257"]),
        (np.arange(72.0).reshape(4, 6, 3), ["within 0..255", "image.round().astype"]),
        (np.arange(72).reshape(4, 6, 3), ["within 0..255", "image.astype(np.uint8)"]),
        (np.arange(72.0).reshape(4, 6, 3) - 36, ["from -36 to 35"]),
        (np.arange(72.0).reshape(4, 6, 3) * 900, ["/ 256)"]),
        (np.zeros((2, 8, 9, 3), np.uint8), ["(2, 8, 9, 3)", "each"]),
        (np.zeros((0, 9, 3), np.uint8), ["(0, 9, 3)", "empty"]),
        (np.zeros((8, 9, 0), np.uint8), ["empty"]),
        (np.zeros((3, 8, 9), np.uint8), ["(3, 8, 9)", "transpose(1, 2, 0)"]),
        (np.zeros((8, 9, 2), np.uint8), ["2 channels"]),
    ],
    ids=lambda value: f"{value.dtype}{value.shape}" if isinstance(value, np.ndarray) else "",
)
def test_wrong_arrays(array, words):
    refusal(array, "expected uint8", "(H, W, 3)", *words)


def object_of(module):
    return type("Image", (), {"__module__": module})()


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (None, ["NoneType", "cv2.imread"]),
        (object_of("PIL.Image"), ["PIL.Image", "np.asarray"]),
        (object_of("torch"), ["torch", "numpy"]),
        ([[1, 2], [3, 4]], ["list"]),
        (7, ["int"]),
        (open, ["builtin"]),
    ],
)
def test_other_objects(given, words):
    refusal(given, "expected a path", *words)


def test_predict_passes_the_errors_on(detector, tmp_path):
    with pytest.raises(ImageNotFoundError, match="nobody"):
        detector.predict(Path("nobody.jpg"))
    with pytest.raises(ImageError, match="NoneType"):
        detector.predict(None)
