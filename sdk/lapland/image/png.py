"""A PNG's chunks: its size, depth and orientation, and whether its end is there."""

import re
import struct
import zlib
from dataclasses import dataclass

from .exif import orientation

SIGNATURE = b"\x89PNG\r\n\x1a\n"

_MOST_CHUNKS = 1 << 18  # libpng writes one for each 8 KB
_NAME = re.compile(rb"[A-Za-z]{4}")
_MOST_TEXT = 1 << 20
_PROFILE = re.compile(rb"Raw profile type (?:exif|APP1)\0")
_TEXTS = {b"tEXt", b"zTXt", b"iTXt"}


@dataclass
class Png:
    """A header.

    Attributes:
        width: pixels, before the orientation is applied.
        height: as `width`.
        bits: bits of a sample.
        greatest: value of full light, if `sBIT` states it.
        orientation: 1 to 8, as EXIF counts.
        whole: whether the end is there.
    """

    width: int
    height: int
    bits: int
    greatest: int | None = None
    orientation: int = 1
    whole: bool = False


def read_png(data: bytes) -> Png | None:
    """The header; None if it is damaged."""
    kind, width, height, bits = struct.unpack_from(">4sIIB", data, 12)
    if kind != b"IHDR":
        return None
    png = Png(width, height, bits)
    at, text = 8, 1
    for _ in range(_MOST_CHUNKS):
        # OpenCV takes the memory for a chunk before it knows whether the file is that long.
        if at + 8 > len(data):
            return png
        length, kind = struct.unpack_from(">I4s", data, at)
        body, at = at + 8, at + 12 + length
        if at > len(data):
            return png
        if not _NAME.fullmatch(kind):  # something else, behind a picture that was cut off
            return png
        if kind == b"eXIf":
            png.orientation = orientation(data[body : body + length])
        elif kind == b"sBIT" and bits == 16 and length:
            significant = max(data[body : body + min(length, 3)])
            png.greatest = 65535 if significant == 16 else None
        elif kind in _TEXTS and text == 1:
            text = _text_orientation(kind, data[body : body + min(length, _MOST_TEXT)])
        elif kind == b"IEND":
            if png.orientation == 1:
                png.orientation = text
            png.whole = True
            return png
    return None


def _text_orientation(kind: bytes, body: bytes) -> int:
    """The orientation of EXIF in hexadecimal text, as ImageMagick wrote it before `eXIf`."""
    if not _PROFILE.match(body):
        return 1
    rest = body[body.index(b"\0") + 1 :]
    try:
        if kind == b"zTXt":
            rest = zlib.decompressobj().decompress(rest[1:], _MOST_TEXT)
        elif kind == b"iTXt":
            packed, rest = rest[0], rest[2:].split(b"\0", 2)[2]
            rest = zlib.decompressobj().decompress(rest, _MOST_TEXT) if packed else rest
        lines = rest.strip(b"\n").split(b"\n", 2)  # a name, a length, the digits
        return orientation(bytes.fromhex(lines[2].decode("ascii")))
    except (zlib.error, ValueError, IndexError):
        return 1
