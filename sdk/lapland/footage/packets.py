"""Whether streams of packets, and of pictures alone, end too early.

Most say nothing of their length. If one was cut between two packets or pictures, only a mark at the
end of its format shows it.
"""

import re
import struct
from collections.abc import Callable
from typing import BinaryIO

_TAIL = 1 << 20  # bytes at the end that are looked at
_MOST = 1 << 20  # frames that are counted
_NUT_INDEX = bytes.fromhex("4e58dd672f23e64e")
_OGG_LAST = 4  # a flag of the last page of a stream
_CHROMA = {"420": (2, 2), "411": (4, 1), "422": (2, 1)}  # pixels of a sample of colour
_BARE = (0xB9, 0xBA)  # codes of a program stream without a length: its end, a pack


def cut(file: BinaryIO, size: int, start: bytes) -> bool | None:
    """Whether the file ends too early; None if it is of another kind, or nobody can know.

    Args:
        file: opened to read bytes.
        size: bytes of it.
        start: its first 4096 bytes.
    """
    for mark, look in KINDS.items():
        if start.startswith(mark):
            return look(file, size, start)
    return None


def cut_transport(file: BinaryIO, size: int, packet: int) -> bool:
    """Whether a transport stream ends within one of its packets, or of those within them.

    Args:
        file: opened to read bytes.
        size: bytes of it.
        packet: bytes of a packet of the stream, 188 or 192.
    """
    if size % packet:
        return True
    tail = _tail(file, size, _TAIL // packet * packet)
    missing: dict[int, int] = {}  # number of a stream -> bytes that its last packet lacks
    for at in range(packet - 188, len(tail) - 187, packet):
        head, flags = struct.unpack_from(">xHB", tail, at)
        held = 188 - 4
        if flags & 0x20:  # what is not of the stream comes first
            held -= 1 + tail[at + 4]
        if not flags & 0x10 or held <= 0:
            continue
        body = at + 188 - held
        if head & 0x4000:  # a packet of the stream begins
            missing.pop(head & 0x1FFF, None)
            if tail[body : body + 3] == b"\0\0\1" and held >= 6:
                (length,) = struct.unpack_from(">H", tail, body + 4)
                if length:  # of video often unknown
                    missing[head & 0x1FFF] = length + 6
        if head & 0x1FFF in missing:
            missing[head & 0x1FFF] -= held
    return any(lacking > 0 for lacking in missing.values())


def _tail(file: BinaryIO, size: int, most: int = _TAIL) -> bytes:
    file.seek(max(0, size - most))
    return file.read(most)


def _program(file: BinaryIO, size: int, _: bytes) -> bool | None:
    """Whether its last packet lacks bytes; each has a code and a length."""
    tail = _tail(file, size)
    for found in re.finditer(rb"\x00\x00\x01\xba", tail):
        at, code = found.start(), 0xBA
        while tail[at : at + 3] == b"\0\0\1" and at + 6 <= len(tail):
            code = tail[at + 3]
            if code == 0xBA and at + 14 <= len(tail):
                at += 12 if tail[at + 4] >> 6 == 0 else 14 + (tail[at + 13] & 7)
            elif code in _BARE:
                at += 4
            else:
                at += 6 + int.from_bytes(tail[at + 4 : at + 6], "big")
        if at > len(tail):
            return True
        if not tail[at:].strip(b"\0"):  # some discs fill up
            return code == 0xBA  # nobody writes an empty pack
        if len(tail) - at < 14 and b"\0\0\1".startswith(tail[at : at + 3]):
            return tail[at:] != b"\0\0\1\xb9"  # it ends within a head
    return None


def _nut(file: BinaryIO, size: int, _: bytes) -> bool:
    """Whether its index is not at its end; the length of that stands before the checksum."""
    (length,) = struct.unpack(">Q", _tail(file, size, 12)[:8])
    if length > size:
        return True
    file.seek(size - length)
    return bool(file.read(8) != _NUT_INDEX)


def _ogg(file: BinaryIO, size: int, _: bytes) -> bool:
    """Whether its last page is not the last of a stream, or lacks bytes."""
    tail = _tail(file, size)
    at = tail.rfind(b"OggS")
    if at < 0 or at + 27 > len(tail):
        return True
    lengths = tail[at + 27 : at + 27 + tail[at + 26]]
    return not tail[at + 5] & _OGG_LAST or at + 27 + len(lengths) + sum(lengths) > len(tail)


def _ivf(file: BinaryIO, size: int, start: bytes) -> bool:
    """Whether it has fewer frames than its head says, or ends within one."""
    at: int = struct.unpack_from("<H", start, 6)[0]
    stated: int = struct.unpack_from("<I", start, 24)[0]
    for number in range(_MOST):
        if at >= size:
            return at > size or number < stated
        file.seek(at)
        (length,) = struct.unpack("<I", file.read(4))
        at += 12 + length
    return False


def _y4m(_: BinaryIO, size: int, start: bytes) -> bool | None:
    """Whether it ends within a frame; all have the same length."""
    head, _end, first = start.partition(b"\n")
    fields = {word[:1]: word[1:].decode("latin-1") for word in head.split()[1:]}
    colours = re.fullmatch(
        r"(mono|420|411|422|444)(?:jpeg|paldv|mpeg2)?(p?\d\d)?", fields.get(b"C", "420")
    )
    if colours is None or not first.startswith(b"FRAME") or not fields.keys() >= {b"W", b"H"}:
        return None
    sides = fields[b"W"], fields[b"H"]
    if not all(side.isdecimal() and len(side) < 10 for side in sides):
        return None
    wide, high = map(int, sides)
    across, down = _CHROMA.get(colours[1], (1, 1))
    chroma = 0 if colours[1] == "mono" else -(-wide // across) * -(-high // down)
    samples = (wide * high + 2 * chroma) * (2 if colours[2] else 1)
    return (size - len(head) - 1) % (first.find(b"\n") + 1 + samples) != 0


def _mjpeg(file: BinaryIO, size: int, _: bytes) -> bool:
    """Whether its last picture has no end."""
    return not _tail(file, size).rstrip(b"\0").endswith(b"\xff\xd9")


def _apng(file: BinaryIO, size: int, _: bytes) -> bool:
    """Whether the chunk that ends it is missing."""
    return b"IEND" not in _tail(file, size, 64)


def _flash(_: BinaryIO, size: int, start: bytes) -> bool:
    """Whether it has fewer bytes than its head says."""
    (length,) = struct.unpack_from("<I", start, 4)
    return size < int(length)


def _mxf(file: BinaryIO, size: int, start: bytes) -> bool | None:
    """Whether the end that its head announces lies behind the file."""
    (length,) = struct.unpack_from("B", start, 16)
    at = 17 + (length & 0x7F if length & 0x80 else 0)
    (footer,) = struct.unpack_from(">Q", start, at + 24)
    return footer >= size if footer else None


KINDS: dict[bytes, Callable[[BinaryIO, int, bytes], bool | None]] = {
    b"\0\0\1\xba": _program,
    b"nut/multimedia container\0": _nut,
    b"OggS": _ogg,
    b"DKIF": _ivf,
    b"YUV4MPEG2 ": _y4m,
    b"\xff\xd8\xff": _mjpeg,
    b"\x89PNG\r\n\x1a\n": _apng,
    b"FWS": _flash,
    bytes.fromhex("060e2b34020501010d0102010102"): _mxf,
}
