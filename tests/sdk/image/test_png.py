"""Chunks of a PNG: size, depth, orientation, end."""

import struct
import zlib

import pytest

from lapland.image.png import SIGNATURE, read_png


def chunk(name, body):
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def png(*chunks, bits=8, end=True):
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", 30, 20, bits, 2, 0, 0, 0))
    return SIGNATURE + head + b"".join(chunks) + (chunk(b"IEND", b"") if end else b"")


def exif(orientation):
    entry = struct.pack("<HHIHH", 0x0112, 3, 1, orientation, 0)
    return b"II*\0" + struct.pack("<IH", 8, 1) + entry + bytes(4)


def hexadecimal(block):
    return f"\nexif\n{len(block):8}\n{block.hex()}\n".encode()


def test_size_depth_and_end():
    found = read_png(png())
    assert (found.width, found.height, found.bits, found.whole) == (30, 20, 8, True)
    assert (found.orientation, found.greatest) == (1, None)
    assert not read_png(png(end=False)).whole
    assert not read_png(png()[:-3]).whole


def test_another_first_chunk_is_damage():
    assert read_png(SIGNATURE + chunk(b"IDAT", bytes(20))) is None


@pytest.mark.parametrize(
    "block",
    [
        chunk(b"eXIf", exif(6)),
        chunk(b"tEXt", b"Raw profile type exif\0" + hexadecimal(exif(6))),
        chunk(b"zTXt", b"Raw profile type APP1\0\0" + zlib.compress(hexadecimal(exif(6)))),
        chunk(b"iTXt", b"Raw profile type exif\0\0\0en\0\0" + hexadecimal(exif(6))),
    ],
)
def test_orientation(block):
    assert read_png(png(block)).orientation == 6


@pytest.mark.parametrize("body", [b"Raw profile type exif\0none", b"Comment\0hello", b""])
def test_texts_without_orientation(body):
    assert read_png(png(chunk(b"tEXt", body))).orientation == 1


@pytest.mark.parametrize(("significant", "greatest"), [(16, 65535), (12, None)])
def test_significant_bits_of_16(significant, greatest):
    sbit = chunk(b"sBIT", bytes([significant] * 3))
    assert read_png(png(sbit, bits=16)).greatest == greatest


def test_a_chunk_longer_than_the_file_is_no_end():
    longer = struct.pack(">I", 0x7FFFFFF0) + b"IDAT"
    assert not read_png(png(longer)).whole
    garbage = b"\0\0\0\0<!-- and more -->"
    assert not read_png(png(garbage)).whole
