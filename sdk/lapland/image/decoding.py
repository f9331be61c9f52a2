"""An encoded image -> upright (H, W, 3) uint8 BGR, by OpenCV; or an error with the cause."""

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from ..base.errors import ImageError
from . import tiff, tiff_decoding
from .depth import DepthError, eight_bits
from .exif import turned
from .foreign import foreign
from .headers import FORMATS, Header, read_header
from .holes import has_hole
from .jpeg import Jpeg
from .pnm import Pnm

_PLAIN = cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION
_DEEP = _PLAIN | cv2.IMREAD_ANYDEPTH


def decode(data: bytes, name: str, most_pixels: int) -> tuple[NDArray[np.uint8], tuple[str, ...]]:
    """Decodes a file.

    Args:
        data: all of its bytes.
        name: the name in messages.
        most_pixels: most pixels of an image; one that announces more is refused.

    Returns:
        (H, W, 3) uint8 BGR, upright; and notes on choices made for the user.

    Raises:
        ImageError: it is no image, is damaged, or of a kind that is not read.
    """
    header = _checked_header(data, name, most_pixels)
    samples = _samples(data, header, name)
    if samples is None:
        raise ImageError(f"{name}: {_undecoded(data, header)}")
    if isinstance(header.part, Jpeg) and not header.part.is_whole(data, samples):
        raise ImageError(_ends(data, name))
    directory = header.part if isinstance(header.part, tiff.Directory) else None
    if has_hole(data, header.format, directory, samples):
        raise ImageError(
            f"{name}: zeros stand in place of a part of the picture ({len(data)} bytes); copy or "
            "fetch it again"
        )
    try:
        eight, note = eight_bits(samples, header.greatest)
    except DepthError as error:
        reason = f"{_kind(data, header)} with {error}; save it with 8 or 16 bits"
        raise ImageError(f"{name}: {reason}") from None
    if isinstance(header.part, tiff.Directory) and tiff.is_inverted(data, header.part):
        eight = 255 - eight
    if eight.ndim == 2:
        eight = np.asarray(cv2.cvtColor(eight, cv2.COLOR_GRAY2BGR), np.uint8)
    notes = header.notes if note is None else (*header.notes, note)
    return turned(eight, header.orientation), notes


def _checked_header(data: bytes, name: str, most_pixels: int) -> Header:
    if not data:
        raise ImageError(f"{name}: is empty")
    header = read_header(data)
    if header is None:
        known = foreign(data)
        reason = f"this is {known}" if known else "is damaged or no image"
        raise ImageError(f"{name}: {reason}; expected {FORMATS}")
    if header.refusal is not None:
        kind = header.refusal
        if kind == "camera raw":
            kind = foreign(b"FUJIFILMCCD-RAW") or kind
            raise ImageError(f"{name}: this is {kind}; expected {FORMATS}")
        raise ImageError(
            f"{name}: {kind}, which is not read; save it as TIFF or PNG of 8 or 16 bits"
        )
    width, height = header.width, header.height
    if width * height > most_pixels:
        raise ImageError(
            f"{name}: announces {width} x {height} pixels, and {most_pixels} is the limit; make it "
            "smaller, or decode it yourself and pass the array"
        )
    if not header.whole:
        raise ImageError(_ends(data, name))
    if min(width, height) < 1:
        raise ImageError(f"{name}: is damaged: a {header.format} of {width} x {height} pixels")
    return header


def _kind(data: bytes, header: Header) -> str:
    part = header.part
    return tiff.described(data, part) if isinstance(part, tiff.Directory) else header.format


def _undecoded(data: bytes, header: Header) -> str:
    opencv, kind = f"OpenCV {cv2.__version__}", _kind(data, header)
    if isinstance(header.part, tiff.Directory) and tiff.is_optional(data, header.part):
        return f"{kind}, which {opencv} cannot decode; save it uncompressed, or with LZW or Deflate"
    return f"is damaged, or {kind} that {opencv} cannot decode; expected {FORMATS}"


def _ends(data: bytes, name: str) -> str:
    return f"{name}: ends before the picture does ({len(data)} bytes); copy or fetch it again"


def _samples(data: bytes, header: Header, name: str) -> NDArray[Any] | None:
    part = header.part
    try:
        if isinstance(part, tiff.Directory):
            return tiff_decoding.decode(data, part)
        if isinstance(part, Pnm) and part.start is not None:
            return part.samples(data)
        if isinstance(part, Pnm):
            data += b"\n"  # OpenCV wants something behind the last number of a text
        elif isinstance(part, Jpeg):
            data = part.picture(data)
        elif header.format == "AVIF":
            data = data[:8] + b"avif" + data[12:]  # libavif may ask for it before the other brands
        # PNG and JPEG 2000 of 16 bits may hold fewer; of other depths OpenCV knows the range.
        deep = header.bits == 16
        image: Any = cv2.imdecode(np.frombuffer(data, np.uint8), _DEEP if deep else _PLAIN)
    except cv2.error as error:
        raise ImageError(f"{name}: cannot be decoded ({error.err})") from error
    decoded: NDArray[Any] | None = image
    return decoded
