"""Encoded images that lie, bombs among them, and those of other kinds."""

import io
import struct
import zlib

import cv2
import numpy as np
import psutil
import pytest

from lapland import ImageError
from lapland.image import loading as image_module
from lapland.image.headers import FORMATS, read_header
from lapland.image.loading import MAX_PIXELS, load_image, read_image
from tests.sdk.promises.encoded import encode, png, refusal

BIG = 60_000  # its square is above OpenCV's own limit of 2**30 pixels


def patched(data, at, form, *values):
    changed = bytearray(data)
    struct.pack_into(form, changed, at, *values)
    return bytes(changed)


def huge(kind, picture, side=BIG):
    """A small file that announces side x side pixels."""
    if kind == "png":
        return png(side, side, bytes(1000))
    if kind == "gif":
        return patched(encode(picture, ".gif"), 6, "<HH", side, side)
    if kind == "bmp":
        return patched(encode(picture, ".bmp"), 18, "<ii", side, side)
    if kind == "bmp, top first":
        return patched(encode(picture, ".bmp"), 18, "<ii", side, -side)
    if kind == "pnm":
        return f"P6\n# drawn\n{side} {side}\n255\n".encode() + bytes(1000)
    if kind == "jpeg":
        data = encode(picture)
        return patched(data, data.index(b"\xff\xc0") + 5, ">HH", side, side)
    if kind == "webp":
        chunk = b"VP8X" + struct.pack("<I", 10) + bytes(4)
        sizes = struct.pack("<I", side - 1)[:3] * 2
        body = b"WEBP" + chunk + sizes + encode(picture, ".webp")[12:]
        return b"RIFF" + struct.pack("<I", len(body)) + body
    if kind in ("tiff", "tiff, tiles"):
        return tiff(side, tiles=kind.endswith("tiles"))
    assert kind == "jp2"
    data = encode(np.tile(picture, (3, 3, 1)), ".jp2")
    at = data.index(b"\xff\x4f\xff\x51") + 8
    return patched(data, at, ">IIII", side, side, 0, 0)


def tiff(side, tiles=False, order="<"):
    numbers = {256: 16, 257: 16, 322: side, 323: side} if tiles else {256: side, 257: side}
    numbers |= {258: 8, 259: 1, 262: 1, 277: 1}
    numbers |= {324: 8, 325: 8} if tiles else {273: 8, 278: side, 279: 8}
    entries = [struct.pack(order + "HHII", tag, 4, 1, numbers[tag]) for tag in sorted(numbers)]
    table = struct.pack(order + "H", len(entries)) + b"".join(entries) + bytes(4)
    return (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(order + "I", 8) + table


KINDS = [
    "png", "jpeg", "webp", "gif", "bmp", "bmp, top first", "pnm", "tiff", "tiff, tiles", "jp2"
]  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_small_files_that_announce_billions_of_pixels(picture, kind):
    data = huge(kind, picture)
    assert len(data) < 6000
    before = psutil.Process().memory_info().rss
    refusal(data, "announces", str(BIG), f"{MAX_PIXELS} is the limit")
    assert psutil.Process().memory_info().rss - before < 50 << 20


@pytest.mark.parametrize("kind", KINDS)
def test_opencv_is_not_asked(picture, kind, monkeypatch):
    monkeypatch.setattr(image_module.cv2, "imdecode", None)
    refusal(huge(kind, picture, 20_000), "announces 20000 x 20000 pixels")
    if kind == "pnm":  # its samples are read without OpenCV
        refusal(huge(kind, picture, 300), "ends before the picture does")
        return
    with pytest.raises(TypeError):  # below the limit it is
        load_image(huge(kind, picture, 300))


def test_as_many_pixels_as_the_limit_are_read(monkeypatch):
    monkeypatch.setattr(image_module.cv2, "imdecode", None)
    side = 1 << 14
    assert side**2 == MAX_PIXELS
    refusal(png(side, side + 1, b""), f"announces {side} x {side + 1} pixels")
    with pytest.raises(TypeError):
        load_image(png(side, side, b""))


def test_a_bomb_that_keeps_its_word():
    """A megabyte of zeros in a kilobyte: below the limit it is read, above it is not."""
    data = png(1000, 400, bytes(400 * 3001))
    assert len(data) < 2000
    assert load_image(data).shape == (400, 1000, 3)
    with pytest.raises(ImageError, match="announces 1000 x 400 pixels, and 399999 is the limit"):
        read_image(data, most_pixels=1000 * 400 - 1)


@pytest.mark.parametrize("name", [b"zTXt", b"iCCP", b"IDAT"])
def test_chunks_that_unpack_to_much_or_claim_to(name):
    bomb = b"name\0\0" + zlib.compress(bytes(30 << 20), 9)
    head = struct.pack(">I", len(bomb)) + name + bomb + struct.pack(">I", zlib.crc32(name + bomb))
    before = psutil.Process().memory_info().rss
    if name != b"IDAT":
        assert load_image(png(5, 4, bytes(64), extra=head)).shape == (4, 5, 3)
    longer = struct.pack(">I", 0x7FFFFFF0) + name  # of two gigabytes, of which the file has none
    refusal(png(5, 4, bytes(64), extra=longer), "ends before the picture does")
    assert psutil.Process().memory_info().rss - before < 100 << 20


def test_jpeg_with_thousands_of_scans_or_segments(picture):
    """Each scan is a pass over the whole picture; each segment a step of ours."""
    data = encode(picture)
    scan = data.index(b"\xff\xda")
    refusal(data[:-2] + data[scan:-2] * 101 + b"\xff\xd9", "is damaged or no image")
    refusal(data[:2] + b"\xff\xfe\0\x02" * 2001 + data[2:], "is damaged or no image")
    many = data[:2] + b"\xff\xfe\0\x02" * 1000 + data[2:]
    np.testing.assert_array_equal(load_image(many), load_image(data))
    refusal(b"\xff\xd8\xff" + bytes(5 << 20), "")  # no marker in five megabytes
    refusal(b"\xff\xd8" + b"\xff" * (5 << 20), "")


@pytest.mark.parametrize(
    "suffix", [".jpg", ".png", ".webp", ".gif", ".bmp", ".tiff", ".ppm", ".jp2"]
)
def test_a_file_that_ends_anywhere(picture, suffix):
    """An error, or the picture where only what comes after it is missing."""
    whole = encode(np.tile(picture, (2, 2, 1)), suffix)
    right = load_image(whole)
    for size in range(0, len(whole), 1 + len(whole) // 60):
        try:
            cut = load_image(whole[:size])
        except ImageError:
            continue
        assert cut.shape == right.shape, size


@pytest.mark.parametrize("missing", range(1, 9))
def test_a_webp_that_lacks_its_last_bytes_is_not_whole(picture, missing):
    whole = encode(picture, ".webp")
    assert read_header(whole).whole
    assert not read_header(whole[:-missing]).whole
    refusal(whole[:-missing], "ends before the picture does")


@pytest.mark.parametrize("order", "<>")
def test_tiff_headers_of_both_orders(order):
    header = read_header(tiff(300, order=order))
    assert (header.width, header.height) == (300, 300)
    assert read_header(tiff(300)[:20]) is None
    assert read_header(b"II*\0" + b"\xff" * 40) is None
    assert read_header(b"II+\0\x08\0\0\0" + b"\xff" * 8) is None  # its directory lies beyond


def test_sizes_that_are_none(picture):
    for data in (png(0, 5, b""), png(5, 0, b""), tiff(0), b"P6 0 5 255\n"):
        refusal(data, "is damaged: a", "pixels")


@pytest.mark.parametrize(
    "start", [b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"\0\0\0\x18ftypheic"]
)
@pytest.mark.parametrize("form", ["file", "bytes"])
def test_svg_and_heic_named_jpg(tmp_path, start, form):
    path = tmp_path / "photo.jpg"
    path.write_bytes(start + bytes(200))
    refusal(path if form == "file" else path.read_bytes(), f"expected {FORMATS}")


def saved(picture, kind, mode, **options):
    pillow = pytest.importorskip("PIL.Image")
    file = io.BytesIO()
    pillow.fromarray(np.ascontiguousarray(picture[..., ::-1])).convert(mode).save(
        file, kind, **options
    )
    return file.getvalue()


@pytest.mark.parametrize(
    ("kind", "mode", "tolerance"),
    [
        ("JPEG", "CMYK", 12),
        ("PNG", "P", 30),
        ("GIF", "P", 30),
        ("BMP", "P", 30),
        ("TIFF", "RGB", 0),
        ("PNG", "RGBA", 0),
    ],
)
def test_other_colours(picture, kind, mode, tolerance):
    found = load_image(saved(picture, kind, mode))
    assert found.shape == picture.shape
    assert np.abs(found.astype(int) - picture).mean() <= tolerance


def test_one_bit_files(picture):
    for kind in ("PNG", "TIFF", "BMP"):
        found = load_image(saved(picture, kind, "1"))
        assert set(np.unique(found)) == {0, 255}
        assert found[12:, 16:].mean() > found[:4, :8].mean()


@pytest.mark.parametrize("suffix", [".gif", ".png", ".webp"])
def test_of_an_animation_the_first_picture(picture, suffix):
    if not hasattr(cv2, "imencodeanimation"):
        pytest.skip(f"OpenCV {cv2.__version__} writes no animations; 4.11 does")
    animation = cv2.Animation()
    animation.frames = [picture, 255 - picture]
    animation.durations = np.array([50, 50], np.int32)
    ok, data = cv2.imencodeanimation(suffix, animation)
    assert ok
    assert np.abs(load_image(data.tobytes()).astype(int) - picture).mean() < 20
