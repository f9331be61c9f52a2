"""Zeros that a disk left in a compressed picture."""

import contextlib
import io

import cv2
import numpy as np
import pytest

from lapland import ImageError
from lapland.image.loading import load_image
from tests.tiffs import Writer, lzw, packbits


@pytest.fixture(scope="module")
def files(image):
    picture = cv2.resize(image, (300, 240), interpolation=cv2.INTER_AREA)
    quality = cv2.IMWRITE_WEBP_QUALITY
    ways = {
        "WebP": (".webp", quality, 80),
        "WebP without loss": (".webp", quality, 101),
        "JPEG 2000": (".jp2", cv2.IMWRITE_JPEG2000_COMPRESSION_X1000, 1000),
        "JPEG 2000 of a tenth": (".jp2", cv2.IMWRITE_JPEG2000_COMPRESSION_X1000, 300),
        "TIFF, LZW": (".tif", cv2.IMWRITE_TIFF_COMPRESSION, 5),
        "TIFF, PackBits": (".tif", cv2.IMWRITE_TIFF_COMPRESSION, 32773),
    }
    found = {}
    for name, (suffix, option, value) in ways.items():
        found[name] = cv2.imencode(suffix, picture, [option, value])[1].tobytes()
    with contextlib.suppress(ImportError):  # OpenCV writes a broken one
        from PIL import Image

        file = io.BytesIO()
        Image.fromarray(picture).save(file, "TIFF", compression="jpeg")
        found["TIFF, JPEG"] = file.getvalue()
    return found


NAMES = ["WebP", "WebP without loss", "JPEG 2000", "JPEG 2000 of a tenth"]
NAMES += ["TIFF, LZW", "TIFF, JPEG", "TIFF, PackBits"]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("size", [512, 4096])
def test_a_hole_is_noticed(files, name, size):
    if name not in files:
        pytest.skip("Pillow writes it")
    data = files[name]
    assert load_image(data).shape == (240, 300, 3)
    for share in (0.3, 0.5, 0.7):
        for block in (1, 512):
            at = int(share * len(data)) // block * block
            with pytest.raises(ImageError, match=r"zeros stand in place|damaged|ends before"):
                load_image(data[:at] + bytes(size) + data[at + size :])


@pytest.mark.parametrize("suffix", [".webp", ".jp2", ".tif"])
@pytest.mark.parametrize("pattern", ["black", "white", "ramp", "stripes", "corner"])
def test_flat_and_regular_pictures_have_none(suffix, pattern):
    picture = np.zeros((900, 700, 3), np.uint8)
    if pattern == "white":
        picture[:] = 255
    elif pattern == "ramp":
        picture[:] = (np.arange(900) // 4)[:, None, None]
    elif pattern == "stripes":
        picture[::2] = 255
    elif pattern == "corner":
        picture[-100:, -100:] = np.random.default_rng(0).integers(0, 255, (100, 100, 3))
    for quality in (20, 101):
        options = [cv2.IMWRITE_WEBP_QUALITY, quality] if suffix == ".webp" else []
        data = cv2.imencode(suffix, picture, options)[1].tobytes()
        assert load_image(data).shape == picture.shape


@pytest.mark.parametrize(("scheme", "pack"), [(5, lzw), (32773, packbits)])
def test_black_as_simple_encoders_write_it(scheme, pack):
    black = np.zeros((64, 64, 3), np.uint8)
    assert bytes(100) in pack(bytes(999))
    writer = Writer()
    writer.add(black, compression=scheme)
    np.testing.assert_array_equal(load_image(bytes(writer)), black)


def test_an_animation_is_judged_by_its_first_picture(image):
    pillow = pytest.importorskip("PIL.Image")
    frames = [pillow.fromarray(np.roll(image[::4, ::4], shift, 0)) for shift in (0, 30)]
    file = io.BytesIO()
    frames[0].save(file, "WEBP", save_all=True, append_images=frames[1:], duration=100)
    data = file.getvalue()
    second = data.index(b"ANMF", data.index(b"ANMF") + 4)
    assert load_image(data).shape == image[::4, ::4].shape
    at = second // 2
    with pytest.raises(ImageError):
        load_image(data[:at] + bytes(600) + data[at + 600 :])


def test_a_hole_over_the_head_of_a_tile(image):
    pillow = pytest.importorskip("PIL.Image")
    file = io.BytesIO()
    pillow.fromarray(image[:256, :256]).save(file, "JPEG2000", tile_size=(64, 64))
    data = file.getvalue()
    tile = data.index(b"\xff\x90\x00\x0a\x00\x05")
    with pytest.raises(ImageError):
        load_image(data[: tile - 9] + bytes(30) + data[tile + 21 :])
