"""A JPEG's segments and scans: its size, its orientation, and whether all of the picture is there.

Decoders fill the missing part of a picture with grey and report nothing, and so does a disk that
lost a sector. A picture is whole if its scans end at a marker that belongs there, the restart
markers within them count on, and no block is missing. The decoder itself answers the last: bytes
are added behind the end of each scan, and a whole picture does not change by them.
"""

import hashlib
import re
import struct
from dataclasses import dataclass, field
from typing import Any

import cv2
import numpy as np

from .exif import orientation

# Far more than any camera or editor writes; a file with more only costs time.
_MOST_SEGMENTS = 2000
_MOST_SCANS = 100

_MARKER = re.compile(rb"\xff([^\xff\x00])", re.DOTALL)
_END_OF_SCAN = re.compile(rb"\xff([^\xff\x00\xd0-\xd7])", re.DOTALL)
_RESTART = re.compile(rb"\xff[\xd0-\xd7]")
_SIZES = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}  # the SOF markers
_PROGRESSIVE = {0xC2, 0xC6, 0xCA, 0xCE}
_ARITHMETIC = {*range(0xC9, 0xD0)}  # these decode zeros that are not in the file; expect none
_BARE = {0x01, *range(0xD0, 0xD9)}  # markers without a length
_BETWEEN_SCANS = {0xC4, 0xCC, 0xDB, 0xDC, 0xDD, 0xFE, *range(0xE0, 0xF0)}
_EOI = b"\xff\xd9"
_FEW_ZEROS = 32  # bytes; a run this long is rare in a scan, and then worth a second decoding
_PADDING = hashlib.shake_128(b"lapland").digest(1024).replace(b"\xff", b"\x5a")


@dataclass
class Jpeg:
    """One picture of a JPEG file.

    Attributes:
        width: pixels, before the orientation is applied.
        height: as `width`.
        bits: bits of a sample.
        orientation: as EXIF states it.
        end: offset behind the last byte of the picture; later bytes do not belong to it.
        closed: whether the end marker is there, behind the last scan.
        sound: whether every marker up to `end` is in its place.
    """

    width: int = 0
    height: int = 0
    bits: int = 8
    orientation: int = 1
    end: int = 0
    closed: bool = False
    sound: bool = True
    sof: int = 0
    _blocks: dict[int, tuple[int, int]] = field(default_factory=dict)  # component -> h, v
    _interval: int = 0
    _flat_zeros: dict[int, bool] = field(default_factory=dict)  # AC table -> a block ends with 0
    scans: list[tuple[int, int, bool]] = field(default_factory=list)  # start, end, zeros are flat
    _exact: dict[int, set[int]] = field(default_factory=dict)  # component -> finished coefficients

    def is_whole(self, data: bytes, image: Any) -> bool:
        """Whether no part of the picture is missing.

        Args:
            data: the file.
            image: (H, W, 3) BGR as decoded, before the orientation is applied.
        """
        if not self.sound or not self.scans:
            return False
        if self.sof in _ARITHMETIC:
            return self.closed
        if not self.closed and not self._is_finished():
            return False
        zeros = [scan for scan in self.scans if _holds_zeros(data, scan)]
        if any(not flat for _, _, flat in zeros):
            return False
        # The decoder's grey is in the last pixel if a block is missing from the only scan.
        single = len(self.scans) == 1
        coloured = single and len(self._blocks) in (1, 3) and bool((image[-1, -1] != 128).any())
        likely = coloured or (not single and len(data) == self.end)
        if self.closed and not zeros and likely:
            return True
        if self._changes(data, self._with_padding(data), image):
            return False
        # Zeros that a disk left decode to fewer blocks than the picture has, or to more.
        return not zeros or self._changes(data, self._with_another_end(data), image)

    def _is_finished(self) -> bool:
        """Whether each coefficient of each component has had its last scan."""
        return all(self._exact.get(component, set()) >= {*range(64)} for component in self._blocks)

    def picture(self, data: bytes) -> bytes:
        """The bytes of the picture alone, with an end marker."""
        return data if self.closed and self.end == len(data) else self._body(data) + _EOI

    def _body(self, data: bytes) -> bytes:
        return data[: self.end - 2] if self.closed else data[: self.end]

    def _changes(self, data: bytes, other: bytes, image: Any) -> bool:
        """Whether other bytes give another picture; in an eighth of its size, if that shows it."""
        coarse = self.sof not in _PROGRESSIVE
        flags = cv2.IMREAD_REDUCED_COLOR_8 if coarse else cv2.IMREAD_COLOR
        flags |= cv2.IMREAD_IGNORE_ORIENTATION
        if coarse:
            image = cv2.imdecode(np.frombuffer(self.picture(data), np.uint8), flags)
        found: Any = cv2.imdecode(np.frombuffer(other, np.uint8), flags)
        return found is None or not np.array_equal(image, found)

    def _with_padding(self, data: bytes) -> bytes:
        parts, at = [], 0
        for start, end, _ in self.scans:
            scan = data[start:end]
            if self._interval:
                scan = _RESTART.sub(lambda found: _PADDING[:64] + found[0], scan)
            parts += [data[at:start], scan.rstrip(b"\xff"), _PADDING]
            at = end
        return b"".join([*parts, self._body(data)[at:], _EOI])

    def _with_another_end(self, data: bytes) -> bytes:
        start, end, _ = self.scans[-1]
        end = start + len(data[start:end].rstrip(b"\0"))
        return data[: max(end - 64, start)] + _PADDING[:64] + self._body(data)[end:] + _EOI

    def segment(self, marker: int, body: bytes) -> None:
        """Takes in a segment: `body` is without the length."""
        if marker in _SIZES and not self.sof:
            self.sof = marker
            self.bits, self.height, self.width, components = struct.unpack_from(">BHHB", body)
            self._blocks = {
                body[at]: (body[at + 1] >> 4, body[at + 1] & 15)
                for at in range(6, 6 + 3 * components, 3)
            }
        elif marker == 0xDD:
            (self._interval,) = struct.unpack_from(">H", body)
        elif marker == 0xC4:
            at = 0
            while at + 17 <= len(body):
                symbols = sum(body[at + 1 : at + 17])
                if body[at] >= 16 and symbols and at + 17 < len(body):
                    self._flat_zeros[body[at] & 15] = body[at + 17] & 15 == 0
                at += 17 + symbols

    def scan(self, data: bytes, at: int, body: bytes) -> int:
        """Takes in the scan whose bytes begin at `at`; returns the offset of the next marker."""
        number = body[0]
        if not 1 <= number <= 4 or len(body) != 4 + 2 * number:
            self.sound = False
            return at
        found = _END_OF_SCAN.search(data, at)
        # Without an end marker, zeros at the end of a file are space that was never written.
        end = at + len(data[at:].rstrip(b"\0\xff")) if found is None else found.start()
        tables = [body[2 + 2 * index] & 15 for index in range(number)]
        first, last, planes = body[1 + 2 * number : 4 + 2 * number]
        if planes & 15 == 0:
            for component in body[1 : 1 + 2 * number : 2]:
                self._exact.setdefault(component, set()).update(range(first, last + 1))
        # The bits of a DC scan of a progressive picture are the picture's own.
        only_dc = self.sof in _PROGRESSIVE and first == 0
        flat = only_dc or all(self._flat_zeros.get(table, False) for table in tables)
        self.scans.append((at, end, flat))
        restarts = [data[mark.start() + 1] & 7 for mark in _RESTART.finditer(data, at, end)]
        if restarts != [index & 7 for index in range(self._restarts(body))]:
            self.sound = False
        return end

    def _restarts(self, body: bytes) -> int:
        """How many restart markers a scan has."""
        if not self._interval:
            return 0
        most_h = max((h for h, _ in self._blocks.values()), default=1)
        most_v = max((v for _, v in self._blocks.values()), default=1)
        width, height = -(-self.width // 8), -(-self.height // 8)  # in blocks
        if body[0] == 1:  # of one component: each block of its own is a unit
            h, v = self._blocks.get(body[1], (1, 1))
            width = -(-self.width * h // (8 * most_h))
            height = -(-self.height * v // (8 * most_v))
        else:
            width, height = -(-width // most_h), -(-height // most_v)
        return max(-(-(width * height) // self._interval) - 1, 0)


def read_jpeg(data: bytes) -> Jpeg | None:
    """Reads the segments of a JPEG, and the offsets of its scans.

    Args:
        data: the whole file, with bytes behind the picture if there are any.

    Returns:
        None if it is damaged before its first scan, or has more segments or scans than any camera
        writes. A file that was cut off within its header has the size 0 x 0 and is not sound.
    """
    jpeg = Jpeg()
    at, turned = 2, False
    for _ in range(_MOST_SEGMENTS):
        # Decoders pass over stray and fill bytes between the segments of a header.
        found = _MARKER.search(data, at)
        if found is None or (found[1][0] in _BARE and jpeg.scans):
            break
        marker, start = found[1][0], found.end()
        if marker in _BARE:
            at = start
            continue
        if marker == 0xD9:
            if not jpeg.scans:
                return None  # the end, before any picture
            jpeg.end, jpeg.closed = start, True
            return jpeg
        if jpeg.scans and marker not in _BETWEEN_SCANS | {0xDA}:
            break
        length = int.from_bytes(data[start : start + 2], "big")
        if start + max(length, 2) > len(data):
            break
        body = data[start + 2 : start + length]
        if marker == 0xDA and not jpeg.sof:
            return None
        if marker == 0xDA and len(jpeg.scans) == _MOST_SCANS:
            return None
        at = start + max(length, 2)
        if marker == 0xE1 and body.startswith(b"Exif\0\0") and not turned:
            jpeg.orientation, turned = orientation(body), True
        elif marker == 0xDA:
            at = jpeg.scan(data, at, body)
            jpeg.end = at
        else:
            jpeg.segment(marker, body)
        if at >= len(data):
            break
    else:
        return None
    if not jpeg.scans:
        jpeg.sound = False
    return jpeg


def _holds_zeros(data: bytes, scan: tuple[int, int, bool]) -> bool:
    start, end, _ = scan
    at = data.find(bytes(_FEW_ZEROS), start, end)
    return at >= 0 and at < start + len(data[start:end].rstrip(b"\0"))  # at the end: padding
