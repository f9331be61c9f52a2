"""Holes of zeros in a compressed picture, as a disk or an unfinished download leaves them.

Decoders of WebP, JPEG 2000 and some TIFF make a picture of zeros, and report nothing. Zeros that
belong to the picture are short, but for flat ones: the bytes of those are used up to the last.
"""

import re
import struct
from typing import Any

import cv2
import numpy as np

from . import isobmff, tiff
from .jpeg import read_jpeg

_FEW = 32  # bytes; worth a second decoding
_TAIL = 64  # bytes at the end of a picture, which are changed
_MOST_CHUNKS = 1 << 12
_ANIMATION_HEAD = 16  # bytes of a frame before its chunks
_SOT, _EOC = b"\xff\x90", b"\xff\xd9"
_SIZ, _COD = 0xFF51, 0xFF52
_SECTOR, _CHANCE = 512, 3  # bytes; of zeros that the picture has beside them
_MOST_HOLES = 2  # where they may begin anywhere
_MOST_MARKERS = 1 << 16
_TABLES = 347  # the tag with what the JPEGs of a TIFF share
# An encoder of these may take a row of black as it is, 128 bytes or 200 codes at a time.
_MOST_ZEROS = {5: 256, 32773: 256}
_JPEG = 7


def has_hole(data: bytes, format_: str, directory: tiff.Directory | None, image: Any) -> bool:
    """Whether zeros stand where a part of the picture should.

    Args:
        data: the file, whose header is sound.
        format_: as the header names it.
        directory: of a TIFF, the one that was decoded.
        image: as OpenCV decoded it.
    """
    if format_ == "WebP":
        return _in_webp(data, image)
    if format_ == "JPEG 2000":
        return _in_jpeg2000(data)
    return directory is not None and _in_tiff(data, directory)


# --- WebP


def _in_webp(data: bytes, image: Any) -> bool:
    """Whether its last bytes are of no use, since zeros take fewer bits than the picture did."""
    start, end = _webp_picture(data, 12, len(data))
    if data.find(bytes(_FEW), start, end) < 0:
        return False
    tail = max(end - _TAIL, start)
    changed = bytes(byte ^ 0x5A for byte in data[tail:end])
    other = np.frombuffer(data[:tail] + changed + data[end:], np.uint8)
    found: Any = cv2.imdecode(other, cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION)
    return found is not None and np.array_equal(found, image)


def _webp_picture(data: bytes, at: int, end: int) -> tuple[int, int]:
    """Begin and end of the bytes of the first picture."""
    for _ in range(_MOST_CHUNKS):
        if at + 8 > end:
            break
        name, size = struct.unpack_from("<4sI", data, at)
        body = at + 8
        if name in (b"VP8 ", b"VP8L"):
            return body, min(body + size, end)
        if name == b"ANMF":
            return _webp_picture(data, body + _ANIMATION_HEAD, min(body + size, end))
        at = body + size + (size & 1)
    return 0, 0


# --- JPEG 2000


def _in_jpeg2000(data: bytes) -> bool:
    """Whether more zeros stand in a row than a tile has packets: an empty packet is a zero."""
    at = 0
    if not data.startswith(b"\xff\x4f"):
        at = next((start for kind, start, _ in isobmff.boxes(data) if kind == b"jp2c"), 0)
    packets, at = _packets(data, at + 2)
    zeros = re.compile(rb"\x00{%d,}" % (_TAIL + packets))
    runs = list[tuple[int, int]]()
    for _ in range(_MOST_MARKERS):
        if data[at : at + 2] != _SOT or at + 12 > len(data):
            if data[at : at + 2] == b"\0\0":
                return True
            break
        (length,) = struct.unpack_from(">I", data, at + 6)
        end = at + length if length else data.find(_EOC, at)
        end = end if end > at else len(data)
        runs += [found.span() for found in zeros.finditer(data, at, end)]
        at = end
    if any(_fills_sectors(start, end) for start, end in runs):
        return True
    # Stripes and ramps have runs, too: of many blocks, and so many of about the same length.
    long = max((end - start for start, end in runs), default=0)
    return 1 <= sum(2 * (end - start) > long for start, end in runs) <= _MOST_HOLES


def _fills_sectors(start: int, end: int) -> bool:
    """Whether it begins and ends where a disk's sectors do, but for zeros of the picture."""
    first, last = -(-start // _SECTOR) * _SECTOR, end // _SECTOR * _SECTOR
    return first < last and first - start < _CHANCE and end - last < _CHANCE


def _packets(data: bytes, at: int) -> tuple[int, int]:
    """The most packets that a tile may have, and the place of the first tile."""
    wide = high = bands = 0
    most = 1
    for _ in range(_MOST_MARKERS):
        if at + 4 > len(data) or data[at : at + 2] == _SOT:
            break
        marker, length = struct.unpack_from(">HH", data, at)
        body = data[at + 4 : at + 2 + length]
        if marker == _SIZ:
            wide, high = struct.unpack_from(">II", body, 18)
            (bands,) = struct.unpack_from(">H", body, 34)
        elif marker == _COD:
            (layers,), levels = struct.unpack_from(">H", body, 2), body[5]
            sizes = body[10 : 11 + levels] if body[0] & 1 else b"\xff" * (levels + 1)
            places = 0
            for level, size in enumerate(sizes):
                shrunk = levels - level
                across = (wide >> shrunk + (size & 15)) + 2
                places += across * ((high >> shrunk + (size >> 4)) + 2)
            most = max(most, layers * bands * places)
        at += 2 + length
    return most, at


# --- TIFF


def _in_tiff(data: bytes, chosen: tiff.Directory) -> bool:
    compression = chosen.value(data, tiff.COMPRESSION)
    zeros = bytes(_MOST_ZEROS.get(compression, _FEW))
    if compression != _JPEG and compression not in _MOST_ZEROS:
        return False
    tables = b""
    if _TABLES in chosen.entries:
        _, count, at, _ = chosen.entries[_TABLES]
        tables = data[at : at + count].removesuffix(_EOC)
    for at, size in zip(*tiff.stored(data, chosen), strict=False):
        if data.find(zeros, at, at + size) < 0:
            continue
        if compression != _JPEG or not _is_whole_jpeg(tables, data[at : at + size]):
            return True
    return False


def _is_whole_jpeg(tables: bytes, strip: bytes) -> bool:
    data = tables + strip[2:] if tables else strip
    jpeg = read_jpeg(data)
    flags = cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION
    image: Any = cv2.imdecode(np.frombuffer(data, np.uint8), flags)
    return jpeg is not None and image is not None and jpeg.is_whole(data, image)
