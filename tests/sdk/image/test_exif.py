"""All eight orientations, in every format that knows them and every layout of it."""

import io
import struct
import zlib

import cv2
import numpy as np
import pytest

from lapland.image.exif import turned
from lapland.image.headers import read_header
from lapland.image.loading import load_image
from tests.drawn_dots import encode
from tests.tiffs import tiff

# How a viewer shows a stored picture of each orientation.
SHOWN = {
    1: lambda p: p,
    2: lambda p: p[:, ::-1],
    3: lambda p: p[::-1, ::-1],
    4: lambda p: p[::-1],
    5: lambda p: p.transpose(1, 0, 2),
    6: lambda p: np.rot90(p, -1),
    7: lambda p: p[::-1, ::-1].transpose(1, 0, 2),
    8: lambda p: np.rot90(p),
}


@pytest.fixture(scope="module")
def stored():
    """96 x 64 BGR, a colour in each quarter: no turn or flip of it is like another."""
    pixels = np.full((64, 96, 3), 60, np.uint8)
    pixels[:32, :48] = 0, 0, 230
    pixels[:32, 48:] = 0, 200, 0
    pixels[32:, :48] = 220, 0, 0
    return pixels


def exif(orientation, order="<", kind=3, before=0):
    """A TIFF header and its first directory, with entries before that of the orientation."""
    value = struct.pack(order + {3: "H", 4: "I", 1: "B"}[kind], orientation).ljust(4, b"\0")
    entries = [struct.pack(order + "HHI", 0x0100 + n, 4, 1) + bytes(4) for n in range(before)]
    entries.append(struct.pack(order + "HHI", 0x0112, kind, 1) + value)
    count = struct.pack(order + "H", len(entries))
    mark = b"II" if order == "<" else b"MM"
    return mark + struct.pack(order + "HI", 42, 8) + count + b"".join(entries) + bytes(4)


def segment(marker, body):
    return b"\xff" + bytes([marker]) + struct.pack(">H", len(body) + 2) + body


def jpeg(stored, blocks, quality=95):
    data = cv2.imencode(".jpg", stored, [cv2.IMWRITE_JPEG_QUALITY, quality])[1].tobytes()
    return data[:2] + blocks + data[2:]


def chunk(name, body):
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def png(stored, name, body, behind=False, deep=False):
    data = encode(stored.astype(np.uint16) * 257 if deep else stored, ".png")
    at = len(data) - 12 if behind else 33
    return data[:at] + chunk(name, body) + data[at:]


def hexadecimal(block):
    text = (b"Exif\0\0" + block).hex().encode()
    lines = [text[at : at + 72] for at in range(0, len(text), 72)]
    return b"\nexif\n%8d\n" % (len(block) + 6) + b"\n".join(lines) + b"\n"


def webp(stored, block, alpha=False):
    data = encode(stored, ".webp")
    height, width = stored.shape[:2]
    flags = struct.pack("<I", 8 | (16 if alpha else 0))
    sizes = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    extended = b"VP8X" + struct.pack("<I", 10) + flags + sizes
    tail = b"EXIF" + struct.pack("<I", len(block)) + block + bytes(len(block) % 2)
    body = b"WEBP" + extended + data[12:] + tail
    return b"RIFF" + struct.pack("<I", len(body)) + body


def jp2(stored, block, behind):
    data = encode(stored, ".jp2")
    box = struct.pack(">I4s", 24 + len(block), b"uuid") + b"JpgTiffExif->JP2" + block
    if behind:
        return data + box
    at = data.index(b"jp2c") - 4
    return data[:at] + box + data[at:]


XMP = segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0<x:xmpmeta/>" + bytes(300))
APP1 = b"Exif\0\0"
LAYOUTS = {
    "jpeg": lambda p, o: jpeg(p, segment(0xE1, APP1 + exif(o))),
    "jpeg, big-endian": lambda p, o: jpeg(p, segment(0xE1, APP1 + exif(o, ">"))),
    "jpeg, a long": lambda p, o: jpeg(p, segment(0xE1, APP1 + exif(o, ">", 4, before=5))),
    "jpeg, behind XMP": lambda p, o: jpeg(p, XMP + segment(0xE1, APP1 + exif(o))),
    "jpeg, behind others": lambda p, o: jpeg(
        p, segment(0xFE, b"a comment") + segment(0xE2, bytes(9000)) + segment(0xE1, APP1 + exif(o))
    ),
    "png": lambda p, o: png(p, b"eXIf", exif(o)),
    "png, behind": lambda p, o: png(p, b"eXIf", exif(o, ">"), behind=True),
    "png, 16 bits": lambda p, o: png(p, b"eXIf", exif(o), deep=True),
    "png, zTXt": lambda p, o: png(
        p, b"zTXt", b"Raw profile type exif\0\0" + zlib.compress(hexadecimal(exif(o)))
    ),
    "png, tEXt": lambda p, o: png(p, b"tEXt", b"Raw profile type APP1\0" + hexadecimal(exif(o))),
    "webp": lambda p, o: webp(p, exif(o)),
    "webp, with a prefix": lambda p, o: webp(p, APP1 + exif(o, ">")),
    "jp2": lambda p, o: jp2(p, exif(o), behind=False),
    "jp2, behind": lambda p, o: jp2(p, exif(o, ">"), behind=True),
    "tiff": lambda p, o: tiff(p[..., ::-1], tags={274: o}),
    "tiff, big-endian": lambda p, o: tiff(p[..., ::-1], ">", tags={274: o}, rows=7),
    "tiff, tiles": lambda p, o: tiff(p[..., ::-1], tags={274: o}, tile=32),
    "tiff, planes": lambda p, o: tiff(p[..., ::-1], tags={274: o}, planar=True),
    "tiff, 16 bits": lambda p, o: tiff(p[..., ::-1].astype("u2") * 257, tags={274: o}),
    "tiff, floats": lambda p, o: tiff(p[..., ::-1].astype("f4") / 255, tags={274: o}, planar=True),
    "tiff, lzw": lambda p, o: tiff(p[..., ::-1], tags={274: o}, compression=5, rows=8),
}


@pytest.mark.parametrize("orientation", SHOWN)
@pytest.mark.parametrize("layout", LAYOUTS)
def test_orientation(stored, layout, orientation):
    found = load_image(LAYOUTS[layout](stored, orientation))
    expected = SHOWN[orientation](stored)
    assert found.shape == expected.shape
    assert found.flags.c_contiguous
    assert np.abs(found.astype(int) - expected).mean() < 6


@pytest.mark.parametrize("orientation", SHOWN)
@pytest.mark.parametrize("brand", [b"avif", b"mif1", b"miaf", b"avis"])
def test_avif(stored, orientation, brand, tmp_path):
    """It has its orientation in boxes, and any of the brands of its family may stand first."""
    data = avif(stored, orientation)
    path = tmp_path / "a.avif"
    path.write_bytes(data)
    data = data.replace(b"ftypavif", b"ftyp" + brand, 1)
    assert read_header(data).orientation == orientation
    if not cv2.haveImageReader(str(path)):
        pytest.skip(f"OpenCV {cv2.__version__} reads no AVIF")
    found, expected = load_image(data), SHOWN[orientation](stored)
    assert found.shape == expected.shape
    assert np.abs(found.astype(int) - expected).mean() < 6


def avif(stored, orientation):
    pillow = pytest.importorskip("PIL.Image")
    features = pytest.importorskip("PIL.features")
    if not features.check("avif"):
        pytest.skip("this Pillow writes no AVIF")
    block = pillow.Exif()
    block[0x0112] = orientation
    file = io.BytesIO()
    pillow.fromarray(np.ascontiguousarray(stored[..., ::-1])).save(
        file, "AVIF", exif=block, quality=90
    )
    return file.getvalue()


@pytest.mark.parametrize("block", [b"", b"II*\0", exif(9), exif(0), exif(6)[:12], b"no EXIF" * 9])
def test_blocks_that_state_none(stored, block):
    found = load_image(jpeg(stored, segment(0xE1, APP1 + block)))
    assert found.shape == stored.shape


def test_turned_shows_what_a_viewer_shows(stored):
    for orientation, shown in SHOWN.items():
        np.testing.assert_array_equal(turned(stored, orientation), shown(stored))
        np.testing.assert_array_equal(turned(stored[..., 0], orientation), shown(stored)[..., 0])
