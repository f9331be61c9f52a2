"""Files made of boxes: AVIF, HEIC and their kin by their brands; the orientation of an AVIF.

AVIF states its orientation in the properties `irot` and `imir` of its main item, which OpenCV does
not read (ISO/IEC 23008-12, section 6.5).
"""

import struct
from collections.abc import Iterator

_MOST_BOXES = 4096
_AVIF = {b"avif", b"avis"}
_FAMILY = {b"mif1", b"mif2", b"msf1", b"miaf", b"MA1A", b"MA1B"}  # any codec
_HEIC = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"heif"}
# (quarter turns anticlockwise, mirror: -1 none, 0 up and down, 1 left and right) -> orientation
_ORIENTATIONS = {
    **{(0, -1): 1, (1, -1): 8, (2, -1): 3, (3, -1): 6},
    **{(0, 1): 2, (1, 1): 7, (2, 1): 4, (3, 1): 5},
    **{(0, 0): 4, (1, 0): 5, (2, 0): 2, (3, 0): 7},
}


def brands(data: bytes) -> set[bytes]:
    """The brands of a file's first box; empty if that is no `ftyp`."""
    if data[4:8] != b"ftyp":
        return set()
    (length,) = struct.unpack_from(">I", data)
    text = data[8 : min(length or len(data), 8 + 4 * 256)]
    return {text[:4]} | {text[at : at + 4] for at in range(8, len(text) - 3, 4)}


def kind(data: bytes) -> str | None:
    """The format of a file that begins with `ftyp`; None for other files."""
    found = brands(data)
    if not found:
        return None
    if found & _AVIF:
        return "AVIF"
    if found & _HEIC or (found & _FAMILY and (b"hvc1" in data[:4096] or b"hev1" in data[:4096])):
        return "HEIC"
    if b"crx " in found:
        return "camera raw"
    if found & _FAMILY:
        return "HEIF"
    if b"jxl " in found:
        return "JPEG XL"
    return "film"


def boxes(data: bytes, start: int = 0, end: int | None = None) -> Iterator[tuple[bytes, int, int]]:
    """Kind of each box, and offsets of the begin and end of its content."""
    at, end = start, len(data) if end is None else end
    for _ in range(_MOST_BOXES):
        if at + 8 > end:
            return
        length, name = struct.unpack_from(">I4s", data, at)
        body = at + 8
        if length == 1:
            (length,) = struct.unpack_from(">Q", data, body)
            body += 8
        if length == 0:
            length = end - at
        if at + length < body:
            return
        yield name, body, min(at + length, end)
        at += length


def avif_size(data: bytes) -> tuple[int, int] | None:
    """The largest width and height that any part of the file claims; libavif has limits besides."""
    sizes: list[tuple[int, int]] = []
    at = data.find(b"ispe")
    while at >= 0 and len(sizes) < _MOST_BOXES:
        if at + 16 <= len(data):
            sizes.append(struct.unpack_from(">II", data, at + 8))
        at = data.find(b"ispe", at + 4)
    return (max(w for w, _ in sizes), max(h for _, h in sizes)) if sizes else None


def avif_orientation(data: bytes) -> int:
    """The orientation of the main item, as EXIF counts; 1 if it has none, or is damaged."""
    try:
        return _orientation(data)
    except (struct.error, IndexError):
        return 1


def _orientation(data: bytes) -> int:
    meta = _inner(data, boxes(data), b"meta")
    if meta is None:
        return 1
    start, end = meta[0] + 4, meta[1]
    item = _inner(data, boxes(data, start, end), b"pitm")
    properties = _inner(data, boxes(data, start, end), b"iprp")
    if item is None or properties is None:
        return 1
    main = int.from_bytes(data[item[0] + 4 : item[0] + (6 if data[item[0]] == 0 else 8)], "big")
    table = _inner(data, boxes(data, *properties), b"ipco")
    if table is None:
        return 1
    known = list(boxes(data, *table))
    angle, mirror = 0, -1
    for name, at, until in boxes(data, *properties):
        if name != b"ipma":
            continue
        for index in _associated(data, at, until, main):
            if 1 <= index <= len(known):
                name, at, _ = known[index - 1]
                if name == b"irot":
                    angle = data[at] & 3
                elif name == b"imir":
                    mirror = data[at] & 1
    return _ORIENTATIONS[angle, mirror]


def _inner(
    data: bytes, among: Iterator[tuple[bytes, int, int]], name: bytes
) -> tuple[int, int] | None:
    return next(((start, end) for kind, start, end in among if kind == name), None)


def _associated(data: bytes, at: int, end: int, item: int) -> list[int]:
    """Numbers of the properties of an item, from 1."""
    version, flags = data[at], data[at + 3]
    wide = flags & 1
    (entries,) = struct.unpack_from(">I", data, at + 4)
    at += 8
    for _ in range(min(entries, _MOST_BOXES)):
        name, count = struct.unpack_from(">HB" if version == 0 else ">IB", data, at)
        at += 3 if version == 0 else 5
        if at > end:
            return []
        if name == item:
            form = f">{count}{'H' if wide else 'B'}"
            return [
                value & (0x7FFF if wide else 0x7F) for value in struct.unpack_from(form, data, at)
            ]
        at += count * (2 if wide else 1)
    return []
