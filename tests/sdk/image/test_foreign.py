"""Files that are not read have a name, and the error says what to do."""

import base64
import struct

import pytest

from lapland import ImageError
from lapland.image.headers import FORMATS
from lapland.image.loading import load_image

TGA = struct.pack("<BBBHHBHHHHBB", 0, 0, 2, 0, 0, 0, 0, 0, 4, 3, 24, 0) + bytes(36)
FILES = {
    "HEIC": (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(99), "pillow-heif"),
    "HEIC by its items": (b"\0\0\0\x14ftypmif1\0\0\0\0mif1" + b"hvc1" + bytes(99), "HEIC"),
    "JPEG XL": (b"\xff\x0a" + bytes(99), "JPEG XL"),
    "JPEG XL in boxes": (b"\0\0\0\x0cJXL \r\n\x87\n" + bytes(99), "JPEG XL"),
    "raw of Canon": (b"\0\0\0\x18ftypcrx \0\0\0\1crx isom" + bytes(99), "camera raw"),
    "raw of Fuji": (b"FUJIFILMCCD-RAW 0201" + bytes(99), "camera raw"),
    "raw of Olympus": (b"IIRO\x08\0\0\0" + bytes(99), "camera raw"),
    "raw of Panasonic": (b"IIU\0\x08\0\0\0" + bytes(99), "camera raw"),
    "SVG": (b"<?xml version='1.0'?>\n<!-- a -->\n<svg xmlns='x'/>", "SVG"),
    "PDF": (b"%PDF-1.7\n" + bytes(99), "PDF"),
    "Photoshop": (b"8BPS\0\1" + bytes(99), "Photoshop"),
    "TGA": (TGA, "TGA"),
    "TGA of white": (TGA[:18] + b"\xff" * 36, "TGA"),
    "new TGA": (TGA + b"TRUEVISION-XFILE.\0", "TGA"),
    "ICO": (b"\0\0\1\0\1\0" + bytes(99), "ICO"),
    "HDR": (b"#?RADIANCE\nFORMAT=32-bit_rle_rgbe\n", "Radiance HDR"),
    "EXR": (b"\x76\x2f\x31\x01" + bytes(99), "OpenEXR"),
    "PFM": (b"PF\n2 2\n-1\n" + bytes(99), "PFM"),
    "MP4": (b"\0\0\0\x20ftypisom\0\0\2\0isomiso2" + bytes(99), "film; for videos"),
    "QuickTime": (b"\0\0\0\x14ftypqt  \0\0\0\0qt  " + bytes(99), "film"),
    "old QuickTime": (b"\0\0\0\x08wide\0\0\0\0mdat" + bytes(99), "film"),
    "Matroska": (b"\x1a\x45\xdf\xa3" + bytes(99), "film"),
    "AVI": (b"RIFF\0\0\1\0AVI LIST" + bytes(99), "film"),
    "transport stream": ((b"\x47" + bytes(187)) * 3, "film"),
    "web page": (b"<!DOCTYPE html>\n<html><body>404</body></html>", "web page"),
    "list of files": (b"one.jpg\ntwo.jpg\n", "text"),
    "archive": (b"PK\3\4" + bytes(99), "archive"),
    "base64": (base64.b64encode(bytes(range(256)) * 3), "b64decode"),
    "data URI": (b"data:image/png;base64," + base64.b64encode(bytes(600)), "b64decode"),
    "LFS": (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "git lfs pull"),
}


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("form", ["bytes", "path"])
def test_its_name_and_what_to_do(tmp_path, name, form):
    data, word = FILES[name]
    path = tmp_path / "photo.jpg"
    path.write_bytes(data)
    with pytest.raises(ImageError) as caught:
        load_image(data if form == "bytes" else path)
    message = str(caught.value)
    assert word in message
    assert f"expected {FORMATS}" in message
    assert "damaged" not in message
    assert message.startswith("the encoded image" if form == "bytes" else str(path))


NO_TGA = TGA[:17] + b"\xc0" + TGA[18:]  # bits that no TGA has


@pytest.mark.parametrize("data", [b"\0" * 500, bytes(range(256)), b"\x89PNG", b"\xff", NO_TGA])
def test_others_are_damaged_or_none(data):
    with pytest.raises(ImageError, match="is damaged or no image; expected JPEG"):
        load_image(data)
