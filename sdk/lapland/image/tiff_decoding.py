"""A TIFF's chosen directory -> samples, by OpenCV, and whether all of them were decoded."""

import zlib
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from . import tiff
from .tiff import Directory

Changes = dict[int, list[int] | None]
_MOST_FOLLOWED = 1 << 22  # bytes of LZW or PackBits that are unpacked here, in some seconds
_DEFLATE = (8, 32946)


def decode(data: bytes, chosen: Directory) -> NDArray[Any] | None:
    """The samples.

    Returns:
        (H, W) or (H, W, 3) BGR, uint8 or the stored type, before the orientation is applied;
        None if OpenCV cannot decode them, or only a part.
    """
    changes: Changes = {tiff.ORIENTATION: [1]}
    bits, form = chosen.value(data, tiff.BITS), chosen.value(data, tiff.FORMAT)
    if chosen.values(data, tiff.EXTRA)[:1] == [2]:
        changes[tiff.EXTRA] = [1]  # else libtiff multiplies the colours by the alpha
    # OpenCV passes the bits of these on as those of integers that it knows.
    halves, unsigned = form == 3 and bits == 16, form in (1, 4) and bits == 32
    if halves or unsigned:
        changes[tiff.FORMAT] = [1 if halves else 2]
    samples = _decoded(data, chosen, changes)
    if samples is None or not _all_decoded(data, chosen, changes, samples):
        return None
    if halves:
        samples = samples.view(np.float16).astype(np.float32)
    elif unsigned:
        samples = samples.view(np.uint32)
    if samples.ndim == 3 and samples.shape[2] != 3:
        samples = samples[..., :3] if samples.shape[2] > 3 else samples[..., 0]
    return np.asarray(samples)


def _decoded(data: bytes, chosen: Directory, changes: Changes) -> Any:
    bits, form = chosen.value(data, tiff.BITS), chosen.value(data, tiff.FORMAT)
    if bits <= 8 and form in (1, 4):
        return _read(tiff.rewritten(data, chosen, changes), cv2.IMREAD_COLOR)
    if chosen.value(data, tiff.PLANES) == 2 and chosen.value(data, tiff.BANDS) > 1:
        return _planes(data, chosen, changes)
    if chosen.value(data, tiff.BANDS) == 2:
        return _first_of_two(data, chosen, changes)
    return _read(tiff.rewritten(data, chosen, changes), cv2.IMREAD_UNCHANGED)


def _read(data: bytes, flags: int) -> Any:
    return cv2.imdecode(np.frombuffer(data, np.uint8), flags)


def _first_of_two(data: bytes, chosen: Directory, changes: Changes) -> Any:
    """The grey of grey and alpha, as a picture twice as wide: OpenCV makes 8 bits of both."""
    form = changes.get(tiff.FORMAT) or [chosen.value(data, tiff.FORMAT)]
    single: Changes = {
        **changes,
        tiff.BANDS: [1],
        tiff.BITS: [chosen.value(data, tiff.BITS)],
        tiff.FORMAT: form[:1],
        tiff.EXTRA: None,
    }
    for tag in (tiff.WIDTH, tiff.TILE_WIDTH):
        if tag in chosen.entries:
            single[tag] = [2 * (changes.get(tag) or [chosen.value(data, tag)])[0]]
    both = _read(tiff.rewritten(data, chosen, single), cv2.IMREAD_UNCHANGED)
    return None if both is None else both[:, ::2]


def _planes(data: bytes, chosen: Directory, changes: Changes) -> Any:
    """One plane after the other: OpenCV takes rows of the first for pixels of all."""
    bands = chosen.value(data, tiff.BANDS)
    names = tiff.places(chosen)
    stored = [changes.get(tag) or chosen.values(data, tag) for tag in names]
    each = len(stored[0]) // bands
    planes = []
    for band in range(3 if bands >= 3 else 1):
        part = slice(band * each, (band + 1) * each)
        single: Changes = {
            **changes,
            names[0]: stored[0][part],
            names[1]: stored[1][part],
            tiff.BANDS: [1],
            tiff.BITS: [chosen.value(data, tiff.BITS)],
            tiff.FORMAT: (changes.get(tiff.FORMAT) or [chosen.value(data, tiff.FORMAT)])[:1],
            tiff.PHOTOMETRIC: [1],
            tiff.PLANES: [1],
            tiff.EXTRA: None,
        }
        planes.append(_read(tiff.rewritten(data, chosen, single), cv2.IMREAD_UNCHANGED))
    if any(plane is None for plane in planes):
        return None
    return planes[0] if len(planes) == 1 else np.dstack(planes[::-1])


def _all_decoded(data: bytes, chosen: Directory, changes: Changes, samples: NDArray[Any]) -> bool:
    """Whether every strip or tile was decoded.

    If one is damaged, OpenCV leaves the strip that it decoded before in its place, or black. So
    Deflate, which has a checksum, is unpacked. Strips of other schemes are decoded once more in
    another order, and must be the same; those that end in one colour, and few, are unpacked too.
    """
    compression = chosen.value(data, tiff.COMPRESSION)
    offsets, sizes = tiff.stored(data, chosen)
    if compression not in (5, 32773, *_DEFLATE) or len(offsets) != len(sizes):
        return True
    (width, height), bands = chosen.size(data), chosen.value(data, tiff.BANDS)
    planes = bands if chosen.value(data, tiff.PLANES) == 2 else 1
    tiled = tiff.TILE_OFFSETS in chosen.entries
    wide, high = width, min(chosen.value(data, tiff.ROWS) or height, height)
    if tiled:
        wide, high = (chosen.value(data, tag) for tag in (tiff.TILE_WIDTH, tiff.TILE_HEIGHT))
    each = len(offsets) // planes
    row = -(-wide * (bands // planes) * chosen.value(data, tiff.BITS) // 8)
    many = each > 2 and compression not in _DEFLATE
    if many and not np.array_equal(samples, _reordered(data, chosen, changes, each, high)):
        return False
    left = _MOST_FOLLOWED
    for number, (at, size) in enumerate(zip(offsets, sizes, strict=True)):
        rows = high if tiled else min(high, height - number % max(each, 1) * high)
        strip = data[at : at + size]
        if compression in _DEFLATE:
            if not _inflated(strip, rows * row):
                return False
        elif size <= left and (not many or _ends_flat(samples, number % each, wide, high)):
            left -= size
            follow = _unpacked if compression == 32773 else _lzw
            if follow(strip, rows * row) < rows * row:
                return False
    return True


def _reordered(data: bytes, chosen: Directory, changes: Changes, each: int, high: int) -> Any:
    """The samples, decoded from the last full strip or tile of each plane to the first."""
    names = tiff.places(chosen)
    stored = [chosen.values(data, tag) for tag in names]
    (width, height), wide = chosen.size(data), chosen.value(data, tiff.TILE_WIDTH)
    across = -(-width // wide) if wide else 1
    turned = [*range(each - 2, -1, -1), each - 1]  # the last strip may be lower; it stays
    order = [start + place for start in range(0, len(stored[0]), each) for place in turned]
    other = {**changes, **{names[i]: [stored[i][at] for at in order] for i in (0, 1)}}
    if wide:  # all of the tiles at the edges
        other |= {tiff.WIDTH: [across * wide], tiff.HEIGHT: [each // across * high]}
    found = _decoded(data, chosen, other)
    if found is None:
        return None
    there = np.zeros_like(found)
    wide = wide or width
    for place, source in enumerate(turned):
        (to, left), (top, x) = (divmod(at, across) for at in (source, place))
        part = found[top * high : (top + 1) * high, x * wide : (x + 1) * wide]
        there[to * high : (to + 1) * high, left * wide : (left + 1) * wide] = part
    return there[:height, :width]


def _ends_flat(samples: NDArray[Any], place: int, wide: int, high: int) -> bool:
    """Whether the last row of a strip or tile has one value, in one of its channels."""
    height, width = samples.shape[:2]
    top, left = (
        at * step for at, step in zip(divmod(place, -(-width // wide)), (high, wide), strict=True)
    )
    last = samples[min(top + high, height) - 1, left : left + wide]
    return last.size == 0 or bool((last == last[0]).all(axis=0).any())


def _inflated(strip: bytes, expected: int) -> bool:
    unpacker, found = zlib.decompressobj(), 0
    try:
        while not unpacker.eof and strip and found <= 2 * expected:
            found += len(unpacker.decompress(strip, 1 << 20))
            strip = unpacker.unconsumed_tail
    except zlib.error:
        return False
    return found >= expected


def _unpacked(strip: bytes, expected: int) -> int:
    """How many bytes PackBits gives."""
    at = found = 0
    while at < len(strip) and found < expected:
        control = strip[at]
        if control < 128:
            found += min(control + 1, len(strip) - at - 1)
            at += control + 2
        else:
            found += 257 - control if control > 128 else 0
            at += 1 if control == 128 else 2
    return found


def _lzw(strip: bytes, expected: int) -> int:
    """How many bytes LZW gives until it ends or names a string that is not there."""
    if strip[:1] == b"\0":  # the form before TIFF 6, with its bits in reverse order
        return expected
    bits = held = at = found = before = 0
    width, lengths = 9, [1] * 256 + [0, 0]
    while found < expected:
        while held < width:
            if at >= len(strip):
                return found
            bits, held, at = (bits << 8 | strip[at]) & 0xFFFFFFFF, held + 8, at + 1
        held -= width
        code = bits >> held & (1 << width) - 1
        if code == 256:
            width, lengths, before = 9, [1] * 256 + [0, 0], 0
            continue
        if code == 257:
            return found
        if before:
            lengths.append(before + 1)
        if code >= len(lengths):
            return found
        before = lengths[code]
        found += before
        size = len(lengths)
        width = 9 if size < 511 else 10 if size < 1023 else 11 if size < 2047 else 12
    return found
