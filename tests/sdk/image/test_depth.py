"""Ten, twelve or fourteen bits in sixteen: the file states how many, or its range shows it."""

import io
import logging
import struct
import zlib

import cv2
import numpy as np
import pytest

from lapland.image.depth import DepthError, eight_bits
from lapland.image.loading import load_image
from tests.drawn_dots import encode
from tests.tiffs import tiff


def pnm(image, greatest, kind=6):
    colours = np.ascontiguousarray(image[..., ::-1] if kind in (6, 7) else image[..., 1])
    samples = (
        (colours.astype("f8") * greatest / 255).round().astype("u2" if greatest > 255 else "u1")
    )
    height, width = image.shape[:2]
    if kind == 7:
        fields = f"WIDTH {width}\nHEIGHT {height}\nDEPTH 3\nMAXVAL {greatest}\nTUPLTYPE RGB\n"
        head = f"P7\n{fields}ENDHDR\n"
    else:
        head = f"P{kind}\n# drawn\n{width} {height}\n{greatest}\n"
    return head.encode() + samples.astype(samples.dtype.newbyteorder(">")).tobytes()


@pytest.mark.parametrize("bits", [8, 10, 12, 14, 16])
@pytest.mark.parametrize("form", ["png", "tiff", "tiff, planes", "jp2", "ppm", "pam"])
@pytest.mark.parametrize("grey", [False, True])
def test_a_face_of_few_bits_in_sixteen(detector, image, bits, form, grey):
    face = np.ascontiguousarray(image[:260, 90:360])
    deep = face.astype(np.uint16) << bits - 8
    if grey:
        deep = deep[..., 1]
        face = cv2.cvtColor(face[..., 1], cv2.COLOR_GRAY2BGR)
    if form == "png":
        data = encode(deep, ".png")
    elif form == "jp2":
        data = encode(deep, ".jp2")
    elif form in ("ppm", "pam"):
        if grey and form == "pam":
            pytest.skip("PAM is tried with colours")
        data = pnm(face, (1 << bits) - 1, 7 if form == "pam" else 5 if grey else 6)
    else:
        rgb = deep if grey else np.ascontiguousarray(deep[..., ::-1])
        data = tiff(rgb, planar=form != "tiff")
    found = load_image(data)
    assert np.abs(found.astype(int) - face).mean() < (3 if form == "jp2" else 1)
    if form != "jp2":
        expected, faces = detector.predict(face), detector.predict(data)
        assert len(faces) == 1
        assert np.abs(faces.landmarks - expected.landmarks).max() < 0.5


def test_what_was_read_is_said(image, caplog):
    with caplog.at_level(logging.INFO, "lapland"):
        load_image(encode(image[:40].astype("u2") << 4, ".png"))
        assert "16-bit samples are below 4096 and read as 12 bits" in caplog.text
        caplog.clear()
        load_image(encode(image[:40].astype("u2") * 257, ".png"))
        assert not caplog.text


def test_dark_photos_stay_dark(image):
    """A lamp in a dark room shows the range; a lens cap shows noise, which is not stretched."""
    dark = (image.astype(np.uint16) * 257) // 16
    dark[10:14, 10:14] = 65535
    np.testing.assert_array_equal(load_image(encode(dark, ".png")), dark >> 8)
    noise = np.random.default_rng(0).integers(300, 1000, (200, 300, 3)).astype(np.uint16)
    assert load_image(encode(noise, ".png")).max() <= 3
    few = np.random.default_rng(0).integers(0, 40, (200, 300, 3)).astype(np.uint16)
    assert load_image(encode(few, ".png")).max() <= 40


def test_what_the_file_states_counts(image):
    """PNG's sBIT, a TIFF's MaxSampleValue, PNM's greatest value."""
    dark = image.astype(np.uint16)  # of full 16 bits, nearly black
    rgb = np.ascontiguousarray(dark[..., ::-1])
    assert load_image(tiff(rgb, tags={281: [65535] * 3})).max() == 0
    assert load_image(pnm(image // 128, 255)).max() <= 1
    png = encode(dark, ".png")
    body = b"sBIT\x10\x10\x10"
    stated = png[:33] + struct.pack(">I", 3) + body + struct.pack(">I", zlib.crc32(body)) + png[33:]
    assert load_image(stated).max() == 0
    assert load_image(png).max() == image.max()


@pytest.mark.parametrize("greatest", [1, 15, 100, 255, 300, 1023, 4095, 65535])
@pytest.mark.parametrize("kind", [5, 6, 7])
def test_greatest_value_of_pnm(image, greatest, kind):
    expected = image if kind > 5 else np.repeat(image[..., 1:2], 3, axis=2)
    found = load_image(pnm(image, greatest, kind))
    assert np.abs(found.astype(int) - expected).max() <= 128 / greatest + 1.1


def test_avif_of_ten_bits(image, tmp_path):
    pillow = pytest.importorskip("PIL.Image")
    if not pytest.importorskip("PIL.features").check("avif"):
        pytest.skip("this Pillow writes no AVIF")
    file = io.BytesIO()
    pillow.fromarray(image[..., ::-1]).save(file, "AVIF", quality=95)
    (tmp_path / "a.avif").write_bytes(file.getvalue())
    if not cv2.haveImageReader(str(tmp_path / "a.avif")):
        pytest.skip(f"OpenCV {cv2.__version__} reads no AVIF")
    assert np.abs(load_image(file.getvalue()).astype(int) - image).mean() < 4


@pytest.mark.parametrize(
    ("samples", "expected"),
    [
        (np.array([[0, 32640]], "i2"), [0, 255]),
        (np.array([[-32768, 0]], "i2"), [0, 128]),
        (np.array([[0, 127]], "i1"), [0, 254]),
        (np.array([[0.0, 1.0]], "f4"), [0, 255]),
        (np.array([[-0.01, 1.4]], "f4"), [0, 255]),
        (np.array([[0.0, 255.0]], "f8"), [0, 255]),
        (np.array([[0.0, 65535.0]], "f4"), [0, 255]),
        (np.array([[0.0, 2047.5, 4095.0]], "f4"), [0, 128, 255]),
        (np.array([[0.0, 1020.0]], "f4"), [0, 254]),
        (np.array([[0, 2**32 - 1]], "u4"), [0, 255]),
    ],
)
def test_kinds_of_numbers(samples, expected):
    assert eight_bits(samples)[0].ravel().tolist() == expected


@pytest.mark.parametrize("value", [np.nan, np.inf, 1e9])
def test_numbers_without_a_range(value):
    with pytest.raises(DepthError):
        eight_bits(np.array([[0, value]], "f4"))
