"""Encoded images of the tests, and the refusal of one."""

import struct
import zlib

import cv2
import pytest

from lapland import ImageError
from lapland.image.loading import load_image
from tests import drawn_dots


def encode(pixels, suffix=".jpg"):
    """The bytes of an encoded file, where this OpenCV can write it; GIF since 4.11."""
    if not cv2.haveImageWriter(f"a{suffix}"):
        pytest.skip(f"OpenCV {cv2.__version__} writes no {suffix}")
    return drawn_dots.encode(pixels, suffix)


def refusal(given, *words):
    """Expects an error with these words."""
    with pytest.raises(ImageError) as caught:
        load_image(given)
    for word in words:
        assert word in str(caught.value)


def png(width, height, pixels, depth=8, kind=2, extra=b""):
    def chunk(name, body):
        whole = name + body
        return struct.pack(">I", len(body)) + whole + struct.pack(">I", zlib.crc32(whole))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, kind, 0, 0, 0))
    body = chunk(b"IDAT", zlib.compress(pixels, 9)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + head + extra + body
