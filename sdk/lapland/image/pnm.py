"""PNM and PAM: the header, and the samples of the binary forms.

OpenCV takes a greatest value other than 255 or 65,535 for one of these, and the red of a PAM for
its blue.
"""

import re
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

_SPACE = rb"(?:\s|#[^\r\n]*[\r\n])*"
# No comment right behind a number: OpenCV, which reads the forms in text, takes the # for a space.
_PNM = re.compile(rb"P([1-6])" + _SPACE + rb"(\d{1,10})\s" + _SPACE + rb"(\d{1,10})\s")
_GREATEST = re.compile(_SPACE + rb"(\d{1,5})\s")
_PAM = re.compile(rb"P7\n((?:[^\n]*\n){1,60}?)ENDHDR\n")


@dataclass(frozen=True)
class Pnm:
    """A header.

    Attributes:
        width: pixels.
        height: pixels.
        bands: samples of a pixel.
        greatest: value of white.
        start: offset of the samples; None for those forms that OpenCV reads.
    """

    width: int
    height: int
    bands: int
    greatest: int
    start: int | None

    @property
    def size(self) -> int:
        """Bytes that the samples take."""
        return self.width * self.height * self.bands * (1 if self.greatest < 256 else 2)

    def samples(self, data: bytes) -> NDArray[Any]:
        """(H, W) grey or (H, W, 3) BGR, uint8 or uint16."""
        kind = ">u1" if self.greatest < 256 else ">u2"
        count = self.width * self.height * self.bands
        flat = np.frombuffer(data, kind, count, self.start or 0)
        pixels = flat.reshape(self.height, self.width, self.bands).astype(kind[1:])
        return pixels[..., 0] if self.bands < 3 else np.ascontiguousarray(pixels[..., 2::-1])


def read_pnm(data: bytes) -> Pnm | None:
    """The header; None if it is damaged."""
    if data.startswith(b"P7"):
        return _pam(data)
    found = _PNM.match(data)
    if found is None:
        return None
    kind, width, height = (int(found[group]) for group in (1, 2, 3))
    bands = 3 if kind in (3, 6) else 1
    if kind in (1, 4):
        return Pnm(width, height, 1, 1, None)
    limit = _GREATEST.match(data, found.end())
    if limit is None or not 1 <= int(limit[1]) <= 65535:
        return None
    return Pnm(width, height, bands, int(limit[1]), limit.end() if kind in (5, 6) else None)


def _pam(data: bytes) -> Pnm | None:
    found = _PAM.match(data)
    if found is None:
        return None
    lines = [line.split() for line in found[1].splitlines() if line[:1] != b"#"]
    fields = {line[0]: line[1] for line in lines if len(line) > 1}
    names = (b"WIDTH", b"HEIGHT", b"DEPTH", b"MAXVAL")
    try:
        width, height, bands, greatest = (int(fields[name]) for name in names)
    except (KeyError, ValueError):
        return None
    if not 1 <= bands <= 4 or not 1 <= greatest <= 65535:
        return None
    return Pnm(width, height, bands, greatest, found.end())
