"""A TIFF's directories: the one of the photo, its content, and the part for OpenCV.

OpenCV decodes the first directory, and of some layouts the wrong samples. A directory of our own
behind the file, with the offsets of the chosen one, makes it decode another directory or one plane.
"""

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

_MOST_TAGS = 4096
_MOST_DIRECTORIES = 4096
_MOST_VALUES = 1 << 24
_INTEGERS = {1: "u1", 3: "u2", 4: "u4", 6: "i1", 8: "i2", 9: "i4", 13: "u4", 16: "u8", 18: "u8"}

SUBFILE, OLD_SUBFILE, WIDTH, HEIGHT = 254, 255, 256, 257
BITS, COMPRESSION, PHOTOMETRIC = 258, 259, 262
OFFSETS, ORIENTATION, BANDS, ROWS, SIZES, PLANES, PREDICTOR = 273, 274, 277, 278, 279, 284, 317
TILE_WIDTH, TILE_HEIGHT, TILE_OFFSETS, TILE_SIZES, SUB_DIRECTORIES = 322, 323, 324, 325, 330
EXTRA, FORMAT, GREATEST, DNG = 338, 339, 281, 50706
_DEFAULTS = {BITS: 1, COMPRESSION: 1, ORIENTATION: 1, BANDS: 1, PLANES: 1, PREDICTOR: 1, FORMAT: 1}

_COMPRESSIONS = {
    1: "uncompressed",
    **dict.fromkeys((2, 3, 4), "CCITT"),
    5: "LZW",
    6: "old-style JPEG",
    7: "JPEG",
    **dict.fromkeys((8, 32946), "Deflate"),
    32773: "PackBits",
    34712: "JPEG 2000",
    34887: "LERC",
    34925: "LZMA",
    34933: "PNG",
    **dict.fromkeys((50000, 34926), "ZSTD"),
    **dict.fromkeys((50001, 34927), "WebP"),
    **dict.fromkeys((50002, 52546), "JPEG XL"),
}
# libtiff, within OpenCV, knows these, or reports an error; of others it leaves a black picture.
_DECODED = {1, 2, 3, 4, 5, 6, 7, 8, 32773, 32946, 34887, 34925, 50000, 50001}
_OPTIONAL = {6, 34887, 34925, 50000, 50001}  # left out of most builds of OpenCV
_COLOURS = {
    4: "a mask",
    8: "CIELAB",
    9: "ICC Lab",
    10: "ITU Lab",
    32844: "LogL",
    32845: "LogLuv",
}
_RAW = {32803, 34892}  # a colour filter array, and its linear form
_KINDS = {1: "unsigned integers", 2: "signed integers", 3: "floats", 5: "complex", 6: "complex"}


@dataclass(frozen=True)
class Directory:
    """One picture of the file.

    Attributes:
        at: offset of the directory.
        order: "<" or ">".
        big: whether the file is a BigTIFF.
        entries: tag -> (type, number of values, offset of the values, offset of the entry).
    """

    at: int
    order: str
    big: bool
    entries: Mapping[int, tuple[int, int, int, int]]

    def values(self, data: bytes, tag: int) -> list[int]:
        """The integers of a tag; empty if it is missing or holds something else."""
        kind, count, at, _ = self.entries.get(tag, (0, 0, 0, 0))
        form = _INTEGERS.get(kind)
        if form is None or not 0 < count <= _MOST_VALUES:
            return []
        size = np.dtype(form).itemsize
        if at + count * size > len(data):
            raise struct.error("the values lie beyond the end")
        return list(np.frombuffer(data, self.order + form, count, at).tolist())

    def value(self, data: bytes, tag: int) -> int:
        """The first integer of a tag, or its default."""
        found = self.values(data, tag)
        return found[0] if found else _DEFAULTS.get(tag, 0)

    def size(self, data: bytes) -> tuple[int, int]:
        """Width and height in pixels."""
        return self.value(data, WIDTH), self.value(data, HEIGHT)

    def is_reduced(self, data: bytes) -> bool:
        """Whether it says that it is a smaller copy, or a mask, of another."""
        return bool(self.value(data, SUBFILE) & 5) or self.value(data, OLD_SUBFILE) == 2


def photo(data: bytes) -> tuple[Directory, list[str]] | str | None:
    """The directory of the photo.

    Returns:
        The directory, and notes for the user; the name of a format that only looks like TIFF; or
        None if the file is damaged.
    """
    pages, all_of_it = _directories(data)
    if not pages:
        return None
    colours = [each.value(data, PHOTOMETRIC) for each in all_of_it]
    if data[8:10] == b"CR" or any(DNG in each.entries for each in pages) or _RAW & {*colours}:
        return "camera raw"
    full = [each for each in pages if not each.is_reduced(data)]
    below = [each for each in all_of_it if each not in pages and not each.is_reduced(data)]
    chosen = (full or below or pages)[0]
    if not full and below:
        full = []
    others = [each for each in [*full, *below] if each.at != chosen.at]
    for other in others:  # thumbnails that do not say that they are
        (width, height), (small, low) = other.size(data), chosen.size(data)
        alike = abs(small * height - low * width) <= max(width, height)
        if small and width >= 1.9 * small and height >= 1.9 * low and alike:
            chosen = other
    same = [each for each in full if each.size(data) == chosen.size(data)]
    notes = [f"a TIFF of {len(full)} pages; the first is read"] if len(same) > 1 else []
    return chosen, notes


def refusal(data: bytes, chosen: Directory) -> str | None:
    """Why OpenCV is not given this directory; None if it reads it."""
    colour, compression = chosen.value(data, PHOTOMETRIC), chosen.value(data, COMPRESSION)
    bits, form, bands = (chosen.value(data, tag) for tag in (BITS, FORMAT, BANDS))
    widths = {1, 2, 4, 8, 10, 12, 14, 16, 32, 64}
    known = bits in widths and form in (1, 2, 3, 4) and not (bits == 64 and form != 3)
    plain = colour in (0, 1, 2)
    unread = (
        colour in _COLOURS
        or compression not in _DECODED
        or bands > 4
        or (bands == 2 and bits > 8 and chosen.value(data, PREDICTOR) != 1)
        or not known
        or len(set(chosen.values(data, BITS))) > 1
        or (bits > 8 and not plain)
        or (form == 3 and bits < 16)
        or (form == 3 and bits == 16 and chosen.value(data, PREDICTOR) == 3)
    )
    return described(data, chosen) if unread else None


def is_inverted(data: bytes, chosen: Directory) -> bool:
    """Whether 0 is white in the samples that OpenCV gives; it turns those of 8 bits itself."""
    return chosen.value(data, PHOTOMETRIC) == 0 and chosen.value(data, BITS) > 8


def is_optional(data: bytes, chosen: Directory) -> bool:
    """Whether its compression is one that many builds of OpenCV lack."""
    return chosen.value(data, COMPRESSION) in _OPTIONAL


def described(data: bytes, chosen: Directory) -> str:
    """A TIFF of 32-bit floats, 5 bands, LZW."""
    bits, form = chosen.value(data, BITS), chosen.value(data, FORMAT)
    words = [f"a TIFF of {bits}-bit {_KINDS.get(form, 'samples')}"]
    if chosen.value(data, BANDS) not in (1, 3, 4):
        words.append(f"{chosen.value(data, BANDS)} bands")
    if chosen.value(data, PHOTOMETRIC) in _COLOURS:
        words.append(f"in {_COLOURS[chosen.value(data, PHOTOMETRIC)]}")
    compression = chosen.value(data, COMPRESSION)
    words.append(f"compressed with {_COMPRESSIONS.get(compression, f'scheme {compression}')}")
    if compression == 1:
        words[-1] = "uncompressed"
    return ", ".join(words)


def greatest(data: bytes, chosen: Directory) -> int | None:
    """The value of full light that the file states, as OpenCV gives it; None if it states none."""
    bits = chosen.value(data, BITS)
    if bits in (10, 12, 14):  # packed; libtiff moves them to the top of 16 bits
        return ((1 << bits) - 1) << (16 - bits)
    stated = max(chosen.values(data, GREATEST), default=0)
    return stated if stated == (1 << bits) - 1 and bits > 8 else None


def is_whole(data: bytes, chosen: Directory) -> bool:
    """Whether all strips or tiles lie within the file."""
    offsets, sizes = stored(data, chosen)
    if not offsets or not all(sizes) or len(sizes) != len(offsets):
        return bool(offsets) and max(offsets) < len(data)  # libtiff estimates sizes by itself
    if chosen.value(data, COMPRESSION) == 1 and TILE_OFFSETS not in chosen.entries:
        sizes[-1] = min(sizes[-1], _last_strip(data, chosen))  # some writers round it up
    return all(at + size <= len(data) for at, size in zip(offsets, sizes, strict=True))


def _last_strip(data: bytes, chosen: Directory) -> int:
    (width, height), rows = chosen.size(data), chosen.value(data, ROWS)
    bands = 1 if chosen.value(data, PLANES) == 2 else chosen.value(data, BANDS)
    row = -(-width * bands * chosen.value(data, BITS) // 8)
    return ((height - 1) % rows + 1 if 0 < rows < height else height) * row


def places(chosen: Directory) -> tuple[int, int]:
    """The tags of offsets and sizes: of tiles, or of strips."""
    return (TILE_OFFSETS, TILE_SIZES) if TILE_OFFSETS in chosen.entries else (OFFSETS, SIZES)


def stored(data: bytes, chosen: Directory) -> tuple[list[int], list[int]]:
    """Offsets and sizes of the strips or tiles."""
    offsets, sizes = places(chosen)
    return chosen.values(data, offsets), chosen.values(data, sizes)


def rewritten(data: bytes, chosen: Directory, changes: Mapping[int, Sequence[int] | None]) -> bytes:
    """The file with a copy of a directory behind it, which is then the first.

    Args:
        data: the file.
        chosen: the directory.
        changes: tag -> its new values as 32-bit integers; None leaves it out.
    """
    order, big = chosen.order, chosen.big
    word, entry = ("Q", 20) if big else ("I", 12)
    room = 8 if big else 4
    end = len(data) + (-len(data) % 8)
    tail, fields = bytearray(end - len(data)), {}
    for tag, (_, _, _, at) in chosen.entries.items():
        if tag not in changes:
            fields[tag] = data[at : at + entry]
    for tag, values in changes.items():
        if values is None:
            continue
        content = struct.pack(f"{order}{len(values)}I", *values)
        if len(content) > room:
            place = struct.pack(order + word, len(data) + len(tail))
            tail += content + bytes(-len(content) % 8)
        else:
            place = content.ljust(room, b"\0")
        fields[tag] = struct.pack(f"{order}HH{word}", tag, 4, len(values)) + place
    start = len(data) + len(tail)
    count = struct.pack(order + ("Q" if big else "H"), len(fields))
    tail += count + b"".join(fields[tag] for tag in sorted(fields)) + bytes(room)
    first = 8 if big else 4
    return data[:first] + struct.pack(order + word, start) + data[first + room :] + bytes(tail)


def _directories(data: bytes) -> tuple[list[Directory], list[Directory]]:
    """Those of the main chain, and all with those below others."""
    order = "<" if data.startswith(b"II") else ">"
    big = data[2:4] in (b"+\0", b"\0+")
    (first,) = struct.unpack_from(order + ("Q" if big else "I"), data, 8 if big else 4)
    pages: list[Directory] = []
    everything: list[Directory] = []
    seen: set[int] = set()
    waiting = [(first, True)]
    while waiting and len(everything) < _MOST_DIRECTORIES:
        at, main = waiting.pop(0)
        if at in seen or at == 0:
            continue
        seen.add(at)
        try:
            directory, following = _directory(data, at, order, big)
            below = directory.values(data, SUB_DIRECTORIES)[:_MOST_DIRECTORIES]
        except struct.error:
            if not everything:
                raise
            continue  # a broken chain behind the first directory; that one is there
        everything.append(directory)
        if main:
            pages.append(directory)
            waiting.insert(0, (following, True))
        waiting += [(each, False) for each in below]
    return pages, everything


def _directory(data: bytes, at: int, order: str, big: bool) -> tuple[Directory, int]:
    (tags,) = struct.unpack_from(order + ("Q" if big else "H"), data, at)
    if tags > _MOST_TAGS:
        raise struct.error("more tags than any file has")
    start, word, entry = at + (8 if big else 2), "Q" if big else "I", 20 if big else 12
    room = 8 if big else 4
    entries = {}
    for place in range(start, start + tags * entry, entry):
        tag, kind, count = struct.unpack_from(f"{order}HH{word}", data, place)
        size = np.dtype(_INTEGERS.get(kind, "u1")).itemsize
        values = place + entry - room
        if count * size > room:
            (values,) = struct.unpack_from(order + word, data, values)
        entries[tag] = kind, count, values, place
    end = start + tags * entry
    following = struct.unpack_from(order + word, data, end) if end + room <= len(data) else (0,)
    return Directory(at, order, big, entries), following[0]
