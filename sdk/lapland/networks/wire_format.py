"""The wire format of Protocol Buffers; an ONNX file is one message in it.

See https://protobuf.dev/programming-guides/encoding/. Nothing here is recursive.
"""

from collections.abc import Iterator
from typing import Final

MAX_FIELDS: Final = 200_000  # of a file; the widest model that is shipped has 1,600

_VARINT, _FIXED64, BYTES, _FIXED32 = 0, 1, 2, 5
Span = tuple[int, int]  # of the bytes of a field


class OnnxError(ValueError):
    """The bytes are no ONNX model."""


class Fields:
    """The fields of nested messages, a bounded number in all."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._left = MAX_FIELDS
        self._tag = 0  # start of the latest field

    def _fields(self, span: Span) -> Iterator[tuple[int, int | Span]]:
        """Number and value of each field of a message: an integer, or the place of its bytes."""
        at, end = span
        while at < end:
            self._left -= 1
            if self._left < 0:
                raise OnnxError(f"more than {MAX_FIELDS} fields")
            self._tag = at
            tag, at = self._varint(at, end)
            number, wire = tag >> 3, tag & 7
            if not 0 < number < 1 << 29:
                raise OnnxError(f"a field of number {number}")
            value: int | Span
            if wire == _VARINT:
                value, at = self._varint(at, end)
            elif wire == BYTES:
                length, at = self._varint(at, end)
                value = at, at + length
                at += length
            elif wire in (_FIXED32, _FIXED64):
                width = 4 if wire == _FIXED32 else 8
                value = int.from_bytes(self._data[at : at + width], "little")
                at += width
            else:
                raise OnnxError(f"a field of wire type {wire}")
            if at > end:
                raise OnnxError("a field that is longer than its message")
            yield number, value

    def _varint(self, at: int, end: int) -> tuple[int, int]:
        """An unsigned number of up to 64 bits, and its end."""
        data = self._data
        value = 0
        for shift in range(0, 70, 7):
            if at >= end:
                raise OnnxError("it ends within a number")
            byte = data[at]
            at += 1
            value |= (byte & 127) << shift
            if byte < 128:
                if value >> 64:
                    break
                return value, at
        raise OnnxError("a number of more than 64 bits")

    def _packed(self, span: Span) -> Iterator[int]:
        at, end = span
        while at < end:
            self._left -= 1
            if self._left < 0:
                raise OnnxError(f"more than {MAX_FIELDS} fields")
            value, at = self._varint(at, end)
            yield signed(value)

    def _text(self, value: int | Span) -> str:
        start, end = span_of(value)
        try:
            return self._data[start:end].decode("utf-8")
        except UnicodeDecodeError:
            raise OnnxError("a name that is no text") from None


def span_of(value: int | Span) -> Span:
    """The value as a message; OnnxError if it is a number."""
    if isinstance(value, int):
        raise OnnxError("a number in the place of a message")
    return value


def number_of(value: int | Span) -> int:
    """The value as a number; OnnxError if it is a message."""
    if not isinstance(value, int):
        raise OnnxError("a message in the place of a number")
    return value


def signed(value: int) -> int:
    """A 64-bit number in two's complement."""
    return value - (1 << 64) if value >> 63 else value
