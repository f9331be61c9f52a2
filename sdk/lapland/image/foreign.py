"""Names of the files that lapland does not read, and the advice that goes with each."""

import re

from .isobmff import kind

_CONVERT = "save it as JPEG or PNG"
_ADVICE = {
    "HEIC": "convert it, or decode it with pillow-heif and pass the PIL image",
    "HEIF": "convert it, or decode it with pillow-heif and pass the PIL image",
    "JPEG XL": "convert it, or decode it with pillow-jxl-plugin and pass the PIL image",
    "camera raw": "export it as JPEG or TIFF, or decode it with rawpy and pass the array",
    "film": "for videos there are `lapland webcam --source FILE` and Tracker",
    "SVG": f"a drawing, not pixels; {_CONVERT}",
    "PDF": f"a document; {_CONVERT}",
    "Radiance HDR": "map its tones to 8 bits and save it as JPEG or PNG",
    "OpenEXR": "map its tones to 8 bits and save it as JPEG or PNG",
    "PFM": "map its tones to 8 bits and save it as JPEG or PNG",
    "a web page": "the address of the photo itself is another; fetch that",
    "text": "a list of files is none of them; give the files, as `lapland predict $(cat LIST)`",
    "an archive": "unpack it first",
    "base64": "decode it: base64.b64decode(text)",
    "a Git LFS pointer": "the photo itself is not here; run `git lfs pull`",
}
# Photos of formats that are not read, by the suffixes of their files.
SUFFIXES = frozenset(
    {
        *(".heic", ".heif", ".hif", ".jxl", ".tga", ".hdr", ".exr", ".pfm"),
        *(".dng", ".cr2", ".cr3", ".crw", ".nef", ".nrw", ".arw", ".srf", ".sr2", ".orf", ".rw2"),
        *(".raf", ".pef", ".srw", ".x3f", ".3fr", ".erf", ".kdc", ".dcr", ".mrw", ".mos", ".iiq"),
        ".rwl",
    }
)
_FIRST_BYTES = (
    (b"\xff\x0a", "JPEG XL"),
    (b"\0\0\0\x0cJXL \r\n\x87\n", "JPEG XL"),
    (b"FUJIFILMCCD-RAW", "camera raw"),
    (b"IIRO", "camera raw"),
    (b"IIRS", "camera raw"),
    (b"IIU\0", "camera raw"),
    (b"\0MRM", "camera raw"),
    (b"FOVb", "camera raw"),
    (b"HEAPCCDR", "camera raw"),
    (b"%PDF-", "PDF"),
    (b"%!PS", "PostScript"),
    (b"\xc5\xd0\xd3\xc6", "PostScript"),
    (b"8BPS", "Photoshop"),
    (b"gimp xcf", "GIMP"),
    (b"#?RADIANCE", "Radiance HDR"),
    (b"#?RGBE", "Radiance HDR"),
    (b"\x76\x2f\x31\x01", "OpenEXR"),
    (b"PF\n", "PFM"),
    (b"Pf\n", "PFM"),
    (b"DDS ", "DDS"),
    (b"qoif", "QOI"),
    (b"\x59\xa6\x6a\x95", "Sun raster"),
    (b"\x1a\x45\xdf\xa3", "film"),
    (b"OggS", "film"),
    (b"FLV\1", "film"),
    (b"\0\0\1\xba", "film"),
    (b"\0\0\1\xb3", "film"),
    (b"0&\xb2u\x8ef\xcf\x11", "film"),
    (b"PK\3\4", "an archive"),
    (b"\x1f\x8b", "an archive"),
    (b"BZh", "an archive"),
    (b"7z\xbc\xaf", "an archive"),
    (b"Rar!", "an archive"),
    (b"version https://git-lfs", "a Git LFS pointer"),
)
_SVG = re.compile(rb"^\s*(?:<\?xml[^>]*>|<!--.*?-->|<!DOCTYPE[^>]*>|\s)*<svg[\s>]", re.DOTALL)
_PAGE = re.compile(
    rb"^\s*(?:<!--.*?-->\s*)?<(?:!doctype html|html|head)\b", re.IGNORECASE | re.DOTALL
)
_BASE64 = re.compile(rb"^(?:data:[^,]{0,80},)?\s*[A-Za-z0-9+/_\r\n-]{200,}={0,2}\s*$")


def foreign(data: bytes) -> str | None:
    """The name of a format that lapland does not read, with advice; None if it is not known.

    Args:
        data: the file.
    """
    name = _name(data)
    return None if name is None else f"{name}; {_ADVICE.get(name, _CONVERT)}"


def _name(data: bytes) -> str | None:
    start = data[:4096].removeprefix(b"\xef\xbb\xbf")
    for first, name in _FIRST_BYTES:
        if start.startswith(first):
            return name
    if start[:4] in (b"\0\0\1\0", b"\0\0\2\0") and start[4:5] != b"\0":
        return "ICO"
    if boxed := kind(data):
        return boxed
    if start[:4] == b"RIFF" and start[8:12] in (b"AVI ", b"CDXA"):
        return "film"
    if start[4:8] in (b"moov", b"mdat", b"wide", b"free", b"skip"):
        return "film"  # QuickTime without brands
    if (
        start[:1] == b"\x47"
        and len(data) > 188
        and data[188] == 0x47
        and data[376:377] in (b"\x47", b"")
    ):
        return "film"  # a transport stream
    if _SVG.match(start):
        return "SVG"
    if _PAGE.match(start):
        return "a web page"
    if _BASE64.match(start[:2048]) and not start[:1].isspace():
        return "base64"
    if len(data) > 18 and (data[-18:-2] == b"TRUEVISION-XFILE" or _is_tga(data)):
        return "TGA"
    if start and len(data) < 1 << 20 and _is_text(data):
        return "text"
    return None


def _is_tga(data: bytes) -> bool:
    """By its header, as files of the first version have no mark."""
    colour_map, kind, depth, descriptor = data[1], data[2], data[16], data[17]
    sizes = data[12] + data[13] * 256, data[14] + data[15] * 256
    plausible = (
        colour_map in (0, 1) and kind in (1, 2, 3, 9, 10, 11) and depth in (8, 15, 16, 24, 32)
    )
    enough = kind > 8 or len(data) >= 18 + sizes[0] * sizes[1] * -(-depth // 8)
    return plausible and min(sizes) > 0 and not descriptor & 0xC0 and enough


def _is_text(data: bytes) -> bool:
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return all(letter.isprintable() or letter in "\r\n\t\f" for letter in text[:4096])
