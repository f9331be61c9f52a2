"""The wire format: damaged and endless messages."""

import pytest

from lapland.networks import onnx_file, onnx_rules
from lapland.networks.wire_format import MAX_FIELDS, OnnxError


def field(number, wire, body=b""):
    return bytes([number << 3 | wire]) + body


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "no graphs"),
        (field(7, 2, b"\0") * 2, "2 graphs"),
        (field(7, 2, b"\x7f"), "longer than its message"),
        (field(7, 2, b"\xff" * 9 + b"\x01"), "longer than its message"),
        (field(7, 2, b"\xff" * 10 + b"\x01"), "more than 64 bits"),
        (field(7, 2, b"\xff" * 9 + b"\x7f"), "more than 64 bits"),
        (field(7, 2, b"\x80"), "ends within a number"),
        (field(7, 0, b"\x01"), "a number in the place of a message"),
        (field(8, 2, b"\x02\x12\0"), "a message in the place of a number"),
        (field(7, 3), "wire type 3"),
        (field(7, 7), "wire type 7"),
        (field(0, 0, b"\0"), "number 0"),
        (field(1, 1, b"1234"), "longer than its message"),
        (field(7, 2, b"\x05\x0a\x03\x22\x01\xff"), "no text"),
        (field(1, 5, b"123"), "longer than its message"),
    ],
)
def test_wire_formats_that_are_none(data, reason):
    with pytest.raises(OnnxError, match=reason):
        onnx_rules.check(data)


def test_the_number_of_fields_is_bounded():
    with pytest.raises(OnnxError, match="more than 200000 fields"):
        onnx_file.read(b"\x08\x01" * (MAX_FIELDS + 1))
    packed = b"\x01" * (MAX_FIELDS + 1)
    tensor = b"\x0a" + varint(len(packed)) + packed
    graph = b"\x2a" + varint(len(tensor)) + tensor
    with pytest.raises(OnnxError, match="more than 200000 fields"):
        onnx_file.read(b"\x3a" + varint(len(graph)) + graph)


def varint(value):
    return b"" if value < 0 else (bytes([value]) if value < 128 else _long(value))


def _long(value):
    return bytes([value & 127 | 128]) + varint(value >> 7)


def test_nesting_does_not_matter():
    """Messages in messages, as deep as the file is long, are passed over."""
    data = b""
    for _ in range(3000):
        data = b"\x32" + varint(len(data)) + data  # attribute.g, in which is an attribute.g, ...
    node = b"\x2a" + varint(len(data)) + data
    graph = b"\x0a" + varint(len(node)) + node
    with pytest.raises(onnx_rules.RefusedError, match="a graph within the graph"):
        onnx_rules.check(b"\x3a" + varint(len(graph)) + graph)
