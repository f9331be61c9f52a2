"""Files made of boxes: their format, the size and orientation of an AVIF."""

import struct

import pytest

from lapland.image.isobmff import avif_orientation, avif_size, boxes, brands, kind


def box(name, *bodies):
    body = b"".join(bodies)
    return struct.pack(">I4s", 8 + len(body), name) + body


def ftyp(first, *others):
    return box(b"ftyp", first, bytes(4), *others)


def full(name, *bodies, version=0, flags=0):
    return box(name, bytes([version, 0, 0, flags]), *bodies)


def avif(*properties, item=1):
    """An AVIF of one item with properties, without a picture."""
    size = full(b"ispe", struct.pack(">II", 64, 48))
    table = box(b"ipco", size, *properties)
    numbers = bytes(range(1, 2 + len(properties)))
    ipma = full(b"ipma", struct.pack(">IHB", 1, item, len(numbers)), numbers)
    meta = full(b"meta", full(b"pitm", struct.pack(">H", 1)), box(b"iprp", table, ipma))
    return ftyp(b"avif", b"mif1") + meta


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (ftyp(b"avif"), "AVIF"),
        (ftyp(b"mif1", b"avif"), "AVIF"),
        (ftyp(b"heic"), "HEIC"),
        (ftyp(b"mif1") + b"....hvc1", "HEIC"),
        (ftyp(b"mif1"), "HEIF"),
        (ftyp(b"crx "), "camera raw"),
        (ftyp(b"jxl "), "JPEG XL"),
        (ftyp(b"isom", b"mp42"), "film"),
        (b"\x89PNG\r\n\x1a\n", None),
        (b"", None),
    ],
)
def test_formats(data, name):
    assert kind(data) == name


def test_brands():
    assert brands(ftyp(b"mif1", b"avif", b"miaf")) == {b"mif1", b"avif", b"miaf"}


def test_boxes_of_all_lengths():
    wide = struct.pack(">I4sQ", 1, b"wide", 20) + b"body"
    last = struct.pack(">I4s", 0, b"last") + b"to the end"
    data = box(b"free", b"ab") + wide + last
    found = [(name, data[start:end]) for name, start, end in boxes(data)]
    assert found == [(b"free", b"ab"), (b"wide", b"body"), (b"last", b"to the end")]
    assert list(boxes(struct.pack(">I4s", 4, b"tiny") + bytes(20))) == []


def test_the_largest_size_counts():
    assert avif_size(avif()) == (64, 48)
    assert avif_size(avif(full(b"ispe", struct.pack(">II", 9000, 10)))) == (9000, 48)
    assert avif_size(ftyp(b"avif")) is None


@pytest.mark.parametrize(
    ("properties", "orientation"),
    [
        ([], 1),
        ([box(b"irot", b"\1")], 8),
        ([box(b"irot", b"\2")], 3),
        ([box(b"imir", b"\1")], 2),
        ([box(b"irot", b"\1"), box(b"imir", b"\0")], 5),
    ],
)
def test_orientation(properties, orientation):
    assert avif_orientation(avif(*properties)) == orientation


def test_properties_of_another_item_and_damage_do_not_turn():
    data = avif(box(b"irot", b"\1"), item=2)
    assert avif_orientation(data) == 1
    whole = avif(box(b"irot", b"\1"))
    for size in range(0, len(whole), 3):
        assert avif_orientation(whole[:size]) in (1, 8)
