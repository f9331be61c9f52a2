"""What the header of an encoded image announces, read before anything of it is decoded.

A file of a hundred bytes may announce two billion pixels, for which a decoder would take the memory
first and look at the data then. So the size is read here, from those formats that lapland accepts;
a file whose size cannot be told is not given to OpenCV at all.
"""

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass

FORMATS = "JPEG, PNG, WebP, BMP, TIFF, GIF, PNM, JPEG 2000 or AVIF"

# Of a JPEG, far more than any camera or editor writes; what has more only costs time.
_MAX_SEGMENTS = 2000
_MAX_SCANS = 100
_MAX_CHUNKS = 1 << 18  # of a PNG; libpng writes one for each 8 KB
_MAX_TAGS = 4096  # of a TIFF's directory; boxes of a JPEG 2000 or AVIF file

_JPEG_MARKER = re.compile(rb"\xff([^\xff\x00])", re.DOTALL)
_JPEG_SIZES = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}  # the SOF markers
_JPEG_BARE = {0x01, *range(0xD0, 0xD9)}  # markers that no length follows
_SPACE = rb"(?:\s|#[^\r\n]*[\r\n])*"
# No comment right behind a number: OpenCV takes the # for a space.
_PNM = re.compile(rb"P[1-6]" + _SPACE + rb"(\d{1,10})\s" + _SPACE + rb"(\d{1,10})\s")
_TIFF_INTEGERS = {1: "B", 3: "H", 4: "I", 6: "b", 8: "h", 9: "i", 16: "Q", 17: "q"}
_TIFF_WIDTHS, _TIFF_HEIGHTS = {256, 322}, {257, 323}  # of the picture, and of a tile


@dataclass(frozen=True)
class Header:
    """What a file says of the picture in it.

    Attributes:
        format: "JPEG", "PNG" and so on.
        width: pixels, before the EXIF orientation is applied.
        height: the same.
        whole: whether the end of the picture is there, where the format lets one tell.
    """

    format: str
    width: int
    height: int
    whole: bool = True


def read_header(data: bytes) -> Header | None:
    """The header of an encoded image.

    Args:
        data: the whole file.

    Returns:
        None where it is none of `FORMATS`, or damaged.
    """
    try:
        return _read(data)
    except (struct.error, OverflowError):  # it ends within the header, or points far beyond its end
        return None


def _read(data: bytes) -> Header | None:
    if data.startswith(b"\xff\xd8\xff"):
        return _jpeg(data)
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return _png(data)
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return _webp(data)
    if data.startswith(b"BM"):
        return _bmp(data)
    if data[:4] in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"):
        return _tiff(data)
    if data[:6] in (b"GIF87a", b"GIF89a"):
        return Header("GIF", *struct.unpack_from("<HH", data, 6))
    if pnm := _PNM.match(data):
        return Header("PNM", int(pnm[1]), int(pnm[2]))
    if data.startswith(b"\0\0\0\x0cjP  \r\n\x87\n"):
        stream = next((at for kind, at in _boxes(data) if kind == b"jp2c"), None)
        return None if stream is None else _jpeg2000(data, stream)
    if data.startswith(b"\xff\x4f\xff\x51"):
        return _jpeg2000(data, 0)
    if data[4:12] in (b"ftypavif", b"ftypavis"):
        return _avif(data)
    return None


def _png(data: bytes) -> Header | None:
    kind, width, height = struct.unpack_from(">4sII", data, 12)
    if kind != b"IHDR":
        return None
    at = 8
    for _ in range(_MAX_CHUNKS):
        # OpenCV takes the memory for a chunk before it knows whether the file is that long.
        length, kind = struct.unpack_from(">I4s", data, at) if at + 8 <= len(data) else (0, b"")
        at += 12 + length
        if kind == b"IEND" or at > len(data):
            return Header("PNG", width, height, whole=at <= len(data))
    return None


def _jpeg(data: bytes) -> Header | None:
    size: tuple[int, int] | None = None
    at = 2
    for _ in range(_MAX_SEGMENTS):
        found = _JPEG_MARKER.search(data, at)  # stray and fill bytes are passed over by decoders
        if found is None:
            break
        marker, at = found[1][0], found.end()
        if marker in _JPEG_BARE:
            continue
        if marker == 0xD9:
            return None  # the end, before any picture
        (length,) = struct.unpack_from(">H", data, at)
        if marker in _JPEG_SIZES and size is None:
            height, width = struct.unpack_from(">HH", data, at + 3)
            size = width, height
        if marker == 0xDA:
            # The end marker counts after the start of the scan only: a thumbnail in the header has
            # its own. Decoders would fill what is missing with grey and say nothing.
            if size is None or data.count(b"\xff\xda", at) > _MAX_SCANS:
                return None
            return Header("JPEG", *size, whole=data.find(b"\xff\xd9", at) >= 0)
        at += max(length, 2)
    # A file that was cut off in its header has no size, and is told from one that is damaged.
    return Header("JPEG", *(size or (0, 0)), whole=False) if at >= len(data) or not found else None


def _webp(data: bytes) -> Header | None:
    kind = data[12:16]
    if kind == b"VP8X":
        width = int.from_bytes(data[24:27], "little") + 1
        height = int.from_bytes(data[27:30], "little") + 1
    elif kind == b"VP8L":
        (bits,) = struct.unpack_from("<I", data, 21)
        width, height = (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    elif kind == b"VP8 ":
        width, height = (side & 0x3FFF for side in struct.unpack_from("<HH", data, 26))
    else:
        return None
    # Decoders give the part that is there.
    (length,) = struct.unpack_from("<I", data, 4)
    return Header("WebP", width, height, len(data) >= length + 8)


def _bmp(data: bytes) -> Header | None:
    (size,) = struct.unpack_from("<I", data, 14)
    width, height = struct.unpack_from("<HH" if size == 12 else "<ii", data, 18)
    return Header("BMP", width, abs(height))  # a negative height counts from the top


def _tiff(data: bytes) -> Header | None:
    order = "<" if data.startswith(b"II") else ">"
    big = data[2:4] in (b"+\0", b"\0+")
    (at,) = struct.unpack_from(order + ("Q" if big else "I"), data, 8 if big else 4)
    (tags,) = struct.unpack_from(order + ("Q" if big else "H"), data, at)
    at += 8 if big else 2
    if tags > _MAX_TAGS:
        return None
    widths, heights = [0], [0]
    for _ in range(tags):
        tag, kind, count = struct.unpack_from(order + ("HHQ" if big else "HHI"), data, at)
        if tag in _TIFF_WIDTHS | _TIFF_HEIGHTS:
            form = _TIFF_INTEGERS.get(kind)
            if form is None or count != 1 or (kind > 9 and not big):
                return None
            (value,) = struct.unpack_from(order + form, data, at + (12 if big else 8))
            (widths if tag in _TIFF_WIDTHS else heights).append(value)
        at += 20 if big else 12
    return Header("TIFF", max(widths), max(heights))


def _jpeg2000(data: bytes, at: int) -> Header | None:
    if data[at : at + 4] != b"\xff\x4f\xff\x51":
        return None
    right, bottom, left, top = struct.unpack_from(">IIII", data, at + 8)
    return Header("JPEG 2000", right - left, bottom - top)


def _avif(data: bytes) -> Header | None:
    """The largest size that any part of the file claims; libavif has limits of its own besides."""
    sizes: list[tuple[int, int]] = []
    at = data.find(b"ispe")
    while at >= 0 and len(sizes) < _MAX_TAGS:
        sizes.append(struct.unpack_from(">II", data, at + 8))
        at = data.find(b"ispe", at + 4)
    if not sizes:
        return None
    return Header("AVIF", max(width for width, _ in sizes), max(height for _, height in sizes))


def _boxes(data: bytes) -> Iterator[tuple[bytes, int]]:
    """Kind of each box of a JPEG 2000 file, and where what it holds begins."""
    at = 0
    for _ in range(_MAX_TAGS):
        length, kind = struct.unpack_from(">I4s", data, at)
        start = at + 8
        if length == 1:
            (length,) = struct.unpack_from(">Q", data, start)
            start += 8
        yield kind, start
        if at + length < start:  # 0 for one that goes on to the end
            return
        at += length
