"""The header of an encoded image, read before anything is decoded.

A file of a hundred bytes may announce two billion pixels, and a decoder takes the memory first and
looks at the data then. So the size is read here. A file whose header does not give the size is
refused before OpenCV sees it. OpenCV also ignores some orientations, and missing parts.
"""

import re
import struct
from dataclasses import dataclass

from . import isobmff, png, tiff
from .exif import orientation
from .jpeg import Jpeg, read_jpeg
from .pnm import Pnm, read_pnm

FORMATS = "JPEG, PNG, WebP, BMP, TIFF, GIF, PNM, JPEG 2000 or AVIF"
SUFFIXES = frozenset(
    {
        *(".jpg", ".jpeg", ".jpe", ".jfif", ".jif", ".jfi", ".mpo", ".png", ".apng", ".webp"),
        *(".bmp", ".dib", ".tif", ".tiff", ".gif", ".pnm", ".pbm", ".pgm", ".ppm", ".pam"),
        *(".jp2", ".j2k", ".j2c", ".jpc", ".jpf", ".jpx", ".avif", ".avifs"),
    }
)

_MOST_CHUNKS = 1 << 12  # of a WebP
_JPEG2000 = b"\xff\x4f\xff\x51"
_JPEG2000_EXIF = b"JpgTiffExif->JP2"  # the box of EXIF, by ExifTool and others


@dataclass(frozen=True)
class Header:
    """The description of the picture in a file.

    Attributes:
        format: "JPEG", "PNG" and so on.
        width: pixels, before the orientation is applied.
        height: as `width`.
        whole: whether the end of the picture is there, if the format shows it before decoding.
        orientation: 1 to 8, as EXIF counts.
        bits: bits of a sample.
        greatest: value of a sample of full light, if the file states it.
        part: the format's own description of the picture.
        notes: for the user, on the choice among several pictures.
        refusal: why the picture is not decoded, as "a TIFF of 32-bit floats".
    """

    format: str
    width: int
    height: int
    whole: bool = True
    orientation: int = 1
    bits: int = 8
    greatest: int | None = None
    part: Jpeg | tiff.Directory | Pnm | None = None
    notes: tuple[str, ...] = ()
    refusal: str | None = None


def begins_as_photo(start: bytes) -> bool:
    """Whether a file that begins so is of one of `FORMATS` with a long mark, or HEIC.

    Args:
        start: its first 64 bytes.
    """
    marks = [b"\xff\xd8\xff", png.SIGNATURE, b"II*\0", b"MM\0*", b"GIF87a", b"GIF89a", _JPEG2000]
    marks.append(b"\0\0\0\x0cjP  ")
    webp = start.startswith(b"RIFF") and start[8:12] == b"WEBP"
    return start.startswith(tuple(marks)) or webp or isobmff.kind(start) in ("AVIF", "HEIC", "HEIF")


def read_header(data: bytes) -> Header | None:
    """The header of an encoded image.

    Args:
        data: the whole file.

    Returns:
        None if it is none of `FORMATS`, or damaged.
    """
    try:
        return _read(data)
    except (struct.error, OverflowError, IndexError):  # it ends within the header, or points beyond
        return None


def _read(data: bytes) -> Header | None:
    if data.startswith(b"\xff\xd8\xff"):
        return _jpeg(data)
    if data.startswith(png.SIGNATURE):
        return _png(data)
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return _webp(data)
    if data.startswith(b"BM"):
        return _bmp(data)
    if data[:4] in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"):
        return _tiff(data)
    if data[:6] in (b"GIF87a", b"GIF89a"):
        return Header("GIF", *struct.unpack_from("<HH", data, 6))
    if re.match(rb"P[1-7]\s", data):
        return _pnm(data)
    if data.startswith(b"\0\0\0\x0cjP  \r\n\x87\n"):
        found = list(isobmff.boxes(data))
        starts = [at for kind, at, _ in found if kind == b"jp2c"]
        blocks = [
            data[at + 16 : end]
            for kind, at, end in found
            if kind == b"uuid" and data[at : at + 16] == _JPEG2000_EXIF
        ]
        return _jpeg2000(data, starts[0], *blocks[:1]) if starts else None
    if data.startswith(_JPEG2000):
        return _jpeg2000(data, 0)
    if isobmff.kind(data) == "AVIF":
        size = isobmff.avif_size(data)
        return size and Header("AVIF", *size, orientation=isobmff.avif_orientation(data))
    return None


def _jpeg(data: bytes) -> Header | None:
    jpeg = read_jpeg(data)
    if jpeg is None:
        return None
    refusal = None if jpeg.bits == 8 else f"a JPEG of {jpeg.bits} bits"
    return Header(
        "JPEG",
        *(jpeg.width, jpeg.height, jpeg.sound, jpeg.orientation, jpeg.bits),
        part=jpeg,
        refusal=refusal,
    )


def _png(data: bytes) -> Header | None:
    found = png.read_png(data)
    if found is None:
        return None
    return Header(
        "PNG",
        *(found.width, found.height, found.whole, found.orientation, found.bits, found.greatest),
    )


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
    (length,) = struct.unpack_from("<I", data, 4)
    turn, at = 1, 12
    for _ in range(_MOST_CHUNKS):
        if at + 8 > min(len(data), length + 8):
            break
        name, size = struct.unpack_from("<4sI", data, at)
        if name == b"EXIF":
            turn = orientation(data[at + 8 : at + 8 + size])
            break
        at += 8 + size + (size & 1)
    # Decoders give the part that is there.
    return Header("WebP", width, height, len(data) >= length + 8, turn)


def _bmp(data: bytes) -> Header | None:
    (size,) = struct.unpack_from("<I", data, 14)
    width, height = struct.unpack_from("<HH" if size == 12 else "<ii", data, 18)
    return Header("BMP", width, abs(height))  # a negative height counts from the top


def _tiff(data: bytes) -> Header | None:
    found = tiff.photo(data)
    if found is None:
        return None
    if isinstance(found, str):
        return Header("TIFF", 1, 1, refusal=found)
    chosen, notes = found
    widths = [chosen.value(data, tag) for tag in (tiff.WIDTH, tiff.TILE_WIDTH)]
    heights = [chosen.value(data, tag) for tag in (tiff.HEIGHT, tiff.TILE_HEIGHT)]
    turn = chosen.value(data, tiff.ORIENTATION)
    return Header(
        "TIFF",
        max(widths),
        max(heights),
        tiff.is_whole(data, chosen),
        turn if 1 <= turn <= 8 else 1,
        chosen.value(data, tiff.BITS),
        tiff.greatest(data, chosen),
        chosen,
        tuple(notes),
        tiff.refusal(data, chosen),
    )


def _pnm(data: bytes) -> Header | None:
    pnm = read_pnm(data)
    if pnm is None:
        return None
    whole = pnm.start is None or pnm.start + pnm.size <= len(data)
    bits = 8 if pnm.greatest < 256 else 16
    return Header("PNM", pnm.width, pnm.height, whole, 1, bits, pnm.greatest, pnm)


def _jpeg2000(data: bytes, at: int, exif: bytes = b"") -> Header | None:
    if data[at : at + 4] != _JPEG2000:
        return None
    right, bottom, left, top = struct.unpack_from(">IIII", data, at + 8)
    bits = (data[at + 42] & 0x7F) + 1
    turn = orientation(exif)
    return Header("JPEG 2000", right - left, bottom - top, orientation=turn, bits=bits)
