"""TIFF files of any kind, as scanners, microscopes and cameras write them."""

import struct
import zlib

import numpy as np

_FORMATS = {"u": 1, "i": 2, "f": 3}


def packbits(data):
    return b"".join(
        bytes([len(part) - 1]) + part
        for part in (data[at : at + 128] for at in range(0, len(data), 128))
    )


def lzw(data):
    """Literals alone, with a clear code before the table grows."""
    codes = []
    for at in range(0, len(data), 200):
        codes += [256, *data[at : at + 200]]
    bits = "".join(f"{code:09b}" for code in [*codes, 257])
    bits += "0" * (-len(bits) % 8)
    return int(bits, 2).to_bytes(len(bits) // 8, "big")


PACKERS = {1: bytes, 5: lzw, 8: zlib.compress, 32773: packbits}


class Writer:
    """Pictures one after the other; `bytes(writer)` is the file."""

    def __init__(self, order="<"):
        self.order = order
        self._data = bytearray(
            (b"II" if order == "<" else b"MM") + struct.pack(order + "HI", 42, 0)
        )
        self._link = 4

    def __bytes__(self):
        return bytes(self._data)

    def add(self, pixels, **options):
        """A page of the main chain."""
        at = self.directory(pixels, **options)
        struct.pack_into(self.order + "I", self._data, self._link, at)
        self._link = self._end

    def directory(
        self,
        pixels,
        *,
        photometric=None,
        compression=1,
        planar=False,
        tile=0,
        rows=0,
        below=(),
        tags=None,
    ):
        """Writes (H, W) or (H, W, C) samples; returns the offset of their directory."""
        pixels = np.atleast_3d(pixels)
        height, width, bands = pixels.shape
        kind, size = pixels.dtype.kind, pixels.dtype.itemsize
        pixels = pixels.astype(f"{self.order}{kind}{size}")
        planes = [pixels[..., band : band + 1] for band in range(bands)] if planar else [pixels]
        step, wide = (tile, tile) if tile else (rows or height, width)
        parts = []
        for plane in planes:
            padding = ((0, -height % tile), (0, -width % tile), (0, 0)) if tile else ((0, 0),) * 3
            plane = np.pad(plane, padding)
            for top in range(0, height, step):
                for left in range(0, width, wide):
                    parts.append(plane[top : top + step, left : left + wide].tobytes())
        packed = [PACKERS.get(compression, bytes)(part) for part in parts]
        offsets = [self._append(part) for part in packed]
        if photometric is None:
            photometric = 2 if bands >= 3 else 1
        fields = {256: width, 257: height, 258: [8 * size] * bands, 259: compression}
        fields |= {262: photometric, 277: bands, 284: 2 if planar else 1}
        fields |= {339: [_FORMATS[kind]] * bands}
        sizes = [len(part) for part in packed]
        if tile:
            fields |= {322: tile, 323: tile, 324: offsets, 325: sizes}
        else:
            fields |= {273: offsets, 278: step, 279: sizes}
        if bands > (3 if photometric == 2 else 4 if photometric == 5 else 1):
            fields[338] = [2] * (bands - (3 if photometric == 2 else 1))
        if below:
            fields[330] = list(below)
        return self._directory(fields | (tags or {}))

    def _append(self, data):
        self._data += bytes(len(self._data) % 2)
        at = len(self._data)
        self._data += data
        return at

    def _directory(self, fields):
        entries = []
        for tag, values in sorted(fields.items()):
            values = values if isinstance(values, list) else [values]
            short = max(values) < 65536 and tag not in (273, 279, 324, 325, 330)
            body = struct.pack(f"{self.order}{len(values)}{'H' if short else 'I'}", *values)
            if len(body) > 4:
                body = struct.pack(self.order + "I", self._append(body))
            entry = struct.pack(self.order + "HHI", tag, 3 if short else 4, len(values))
            entries.append(entry + body.ljust(4, b"\0"))
        at = self._append(struct.pack(self.order + "H", len(entries)) + b"".join(entries))
        self._end = self._append(bytes(4))
        return at


def tiff(pixels, order="<", **options):
    """A file of one picture."""
    writer = Writer(order)
    writer.add(pixels, **options)
    return bytes(writer)
