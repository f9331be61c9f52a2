"""The facts in a video file about itself: whether all of it is there, and how long it shows.

OpenCV takes every end of a file for the end of the film. How many frames it announces is often a
guess, from the length of the longest stream, which may be that of the sound.
"""

import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from . import packets

_MOST = 1 << 16  # most boxes or elements to read of a file
_LARGEST = 1 << 27  # bytes of a table of contents that are read
# Boxes that a file may have at its top.
_BOXES = frozenset(
    b"ftyp styp pnot moov moof mfra mdat free skip wide meta uuid udta sidx ssix pdin".split()
)
_UNKNOWN = -1  # size of an element that was written live
_SEGMENT = 0x18538067
_PACKETS = ((188, 0), (192, 4))  # of transport streams, and the place of the first `G`
# Of several streams, whose lengths are guesses: program streams, NUT, Ogg.
_GUESSED = (b"\0\0\1\xba", b"nut/", b"OggS")
_FLV_SIZE = b"\0\x08filesize\0"  # in its description, before the number
_ASF = bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c")
_ASF_FILE = bytes.fromhex("a1dcab8c47a9cf118ee400c00c205365")  # its properties


@dataclass(frozen=True)
class Container:
    """Facts from the bytes of a file.

    Attributes:
        cut: whether the file ends before its structure does; None if nobody can know.
        counts: whether its head counts the frames of the film, or states their duration.
        shown: seconds of film that it shows, if less than all of its frames may be shown.
    """

    cut: bool | None = None
    counts: bool = True
    shown: float | None = None


def look_into(path: Path) -> Container:
    """Reads the structure of a video file, and none of its frames.

    Args:
        path: path of the file; for a stream or a camera nothing is known.
    """
    if not path.is_file():
        return Container()
    with path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        start = file.read(4096)
        try:
            return _looked_into(file, size, start)
        except struct.error:  # it ends within a head
            return Container(cut=True)


def _looked_into(file: BinaryIO, size: int, start: bytes) -> Container:
    if start[4:8] in _BOXES:
        return _boxes(file, size)
    if start.startswith(b"\x1a\x45\xdf\xa3"):
        return Container(_elements_end(file, size), counts=False)
    if start[:4] == b"RIFF":
        return Container(_chunks_end(file, size))
    for packet, first in _PACKETS:
        if start[first : first + 2 * packet + 1 : packet] == b"GGG":
            return Container(packets.cut_transport(file, size, packet), counts=False)
    if start[:4] == b"FLV\1":
        at = start.find(_FLV_SIZE) + len(_FLV_SIZE)
        stated = struct.unpack_from(">d", start, at)[0] if at >= len(_FLV_SIZE) else 0
        return Container(size < stated or _tags_end(file, size), counts=False)
    if start[:4] == b"GIF8":
        file.seek(max(0, size - 64))
        return Container(not file.read().rstrip(b"\0").endswith(b";"))
    if start.startswith(_ASF):
        at = start.find(_ASF_FILE)
        stated = struct.unpack_from("<Q", start, at + 40)[0] if at > 0 else 0
        return Container(size < stated, counts=False)
    return Container(packets.cut(file, size, start), counts=not start.startswith(_GUESSED))


# --- MP4, MOV and their kin: boxes


def _boxes(file: BinaryIO, size: int) -> Container:
    cut, shown = False, None
    for name, body, end in _walk(file, 0, size):
        if name not in _BOXES:  # something lies behind the film
            break
        cut = end > size
        if name == b"moov" and not cut and end - body < _LARGEST:
            shown = _shown(file, body, end)
    return Container(cut, shown=shown)


def _walk(file: BinaryIO, at: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """Name of each box, and offsets of its content and its end, which may lie behind `end`."""
    for _ in range(_MOST):
        if at + 8 > end:
            return
        file.seek(at)
        head = file.read(16)
        length, name = struct.unpack_from(">I4s", head)
        body = at + 8
        if length == 1:
            (length,), body = struct.unpack_from(">Q", head, 8), at + 16
        length = length or end - at
        if at + length < body:
            return
        yield name, body, at + length
        at += length


def _shown(file: BinaryIO, start: int, end: int) -> float | None:
    """Seconds that the edit list of the first film shows; None without a list."""
    scale = 0
    for name, body, stop in _walk(file, start, end):
        if name == b"mvhd":
            file.seek(body)
            head = file.read(24)
            (scale,) = struct.unpack_from(">I", head, 20 if head[0] else 12)
        if name != b"trak":
            continue
        inner = {name: (at, to) for name, at, to in _walk(file, body, stop)}
        media = {name: at for name, at, _ in _walk(file, *inner.get(b"mdia", (0, 0)))}
        lists = {name: at for name, at, _ in _walk(file, *inner.get(b"edts", (0, 0)))}
        if b"hdlr" not in media or b"elst" not in lists:
            continue
        file.seek(media[b"hdlr"] + 8)
        if file.read(4) != b"vide":
            continue
        file.seek(lists[b"elst"])
        version, count = struct.unpack(">B3xI", file.read(8))
        form = struct.Struct(">QqI" if version else ">IiI")
        rows = form.iter_unpack(file.read(form.size * min(count, _MOST)))
        return sum(lasts for lasts, at, _ in rows if at >= 0) / scale if scale else None
    return None


# --- Matroska, WebM: elements


def _elements_end(file: BinaryIO, size: int) -> bool | None:
    """Whether the file ends within its segment."""
    at = 0
    for _ in range(_MOST):
        if at >= size:
            return None  # of unknown size, and whole clusters
        name, length, body = _element(file, at)
        if name == _SEGMENT:
            if length != _UNKNOWN:
                return body + length > size
            at = body  # its parts follow
        elif length == _UNKNOWN:
            return None
        elif body + length > size:
            return True
        else:
            at = body + length
    return None


def _element(file: BinaryIO, at: int) -> tuple[int, int, int]:
    """Name and length of the element there, and the place of its content."""
    file.seek(at)
    head = file.read(12)
    if len(head) < 2 or not head[0]:
        raise struct.error("no element")
    wide = 9 - head[0].bit_length()
    name = int.from_bytes(head[:wide], "big")
    first = head[wide] if wide < len(head) else 0
    if not first:
        raise struct.error("no length")
    long = 9 - first.bit_length()
    bits = (1 << 7 * long) - 1
    length = int.from_bytes(head[wide : wide + long], "big") & bits
    return name, _UNKNOWN if length == bits else length, at + wide + long


# --- AVI: chunks; Flash: tags


def _chunks_end(file: BinaryIO, size: int) -> bool | None:
    """Whether the file ends within a chunk; None if it was never completed."""
    at = 0
    while at + 12 <= size:
        file.seek(at)
        name, length = struct.unpack("<4sI", file.read(8))
        if name != b"RIFF":  # something lies behind the film
            break
        if not length:
            return None
        at += 8 + length + length % 2
    return at > size + 1  # the last chunk may lack its filling


def _tags_end(file: BinaryIO, size: int) -> bool:
    """Whether the last tag is not followed by its length."""
    file.seek(size - 4)
    (length,) = struct.unpack(">I", file.read(4))
    if not 11 <= length <= size - 13:
        return True
    file.seek(size - 4 - length)
    head = file.read(4)
    held = int.from_bytes(head[1:], "big")
    return bool(held + 11 != length)
