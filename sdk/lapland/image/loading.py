"""What `predict` accepts -> one (H, W, 3) uint8 BGR array, or an error that says what to do."""

import os
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from ..base.errors import ImageError, ImageNotFoundError
from ..base.files import read_file
from .headers import FORMATS, read_header

ImageLike = str | os.PathLike[str] | bytes | bytearray | memoryview | NDArray[np.uint8]
Image = NDArray[np.uint8]

# Of encoded images. The largest cameras have 0.2 * 2**30 pixels; OpenCV decodes four times as many
# as these, which is 3 GiB. Arrays may have any size: their memory is there already.
MAX_PIXELS = 1 << 28
MAX_BYTES = 1 << 30


def load_image(image: ImageLike) -> Image:
    """Reads an image.

    Args:
        image: a path; the bytes of an encoded file; or a uint8 array: (H, W, 3) BGR, (H, W) or
            (H, W, 1) grey, (H, W, 4) BGRA, whose alpha is ignored. Files are JPEG, PNG, WebP, BMP,
            TIFF, GIF, PNM, JPEG 2000 or AVIF, as far as the installed OpenCV reads them, of at most
            2**30 bytes and 2**28 pixels. Their EXIF orientation is applied, and of an animation the
            first picture is taken.

    Returns:
        (H, W, 3) uint8 BGR. An array of that form is passed on as it is, not copied.

    Raises:
        ImageNotFoundError: there is no file at the path.
        ImageError: it is none of these; the message says what was expected and what came.
    """
    if isinstance(image, np.ndarray):
        return _from_array(np.asarray(image))  # of a subclass, as masked ones, the plain array
    if isinstance(image, (bytes, bytearray, memoryview)):
        return _decode(bytes(image), "the encoded image")
    if isinstance(image, (str, os.PathLike)) and isinstance(os.fspath(image), str):
        return _from_path(Path(image))
    raise ImageError(
        "expected a path, the bytes of an encoded image, or a numpy array, not "
        f"{type(image).__module__}.{type(image).__qualname__}{_hint(image)}"
    )


def _from_path(path: Path) -> Image:
    text = str(path)
    if text.startswith(("http:/", "https:/")):
        raise ImageError(f"{text}: lapland reads files and downloads nothing; fetch it first")
    try:
        data = read_file(path, MAX_BYTES, fifo=True)
    except FileNotFoundError:
        raise ImageNotFoundError(f"{text}: there is no such file") from None
    except IsADirectoryError:
        raise ImageError(f"{text}: this is a folder, expected an image file") from None
    except (OSError, ValueError) as error:  # ValueError: a null character in the path
        reason = getattr(error, "strerror", None) or error
        raise ImageError(f"{text}: cannot be read ({reason})") from error
    return _decode(data, text)


def _decode(data: bytes, name: str) -> Image:
    if not data:
        raise ImageError(f"{name}: is empty")
    if len(data) > MAX_BYTES:
        raise ImageError(f"{name}: {len(data)} bytes, and {MAX_BYTES} is the limit")
    header = read_header(data)
    if header is None:
        raise ImageError(f"{name}: is damaged or no image; expected {FORMATS}")
    if not header.whole:
        raise ImageError(
            f"{name}: ends before the picture does ({len(data)} bytes); copy or fetch it again"
        )
    width, height = header.width, header.height
    if min(width, height) < 1:
        raise ImageError(f"{name}: is damaged: a {header.format} of {width} x {height} pixels")
    if width * height > MAX_PIXELS:
        raise ImageError(
            f"{name}: announces {width} x {height} pixels, and {MAX_PIXELS} is the limit; make it "
            "smaller, or decode it yourself and pass the array"
        )
    try:
        # IMREAD_COLOR gives 8-bit BGR whatever the file holds, and applies the EXIF orientation.
        image: Any = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    except cv2.error as error:
        raise ImageError(f"{name}: cannot be decoded ({error.err})") from error
    if image is None:
        raise ImageError(
            f"{name}: is damaged, or {header.format} that OpenCV {cv2.__version__} cannot decode; "
            f"expected {FORMATS}"
        )
    decoded: Image = image
    return decoded


def _from_array(array: NDArray[Any]) -> Image:
    what = f"an array of shape {array.shape} and dtype {array.dtype}"
    expected = "expected uint8 of shape (H, W, 3) in BGR order, (H, W) grey or (H, W, 4) BGRA"
    if array.dtype != np.uint8:
        if array.dtype.kind == "f" and not np.isfinite(array).all():
            raise ImageError(f"{expected}, not {what} that holds NaN or infinity; replace those")
        advice = {
            "f": "; for values in 0..1 pass (image * 255).round().astype(np.uint8)",
            "u": "; for 16 bits pass (image // 257).astype(np.uint8)",
            "b": "; pass image.astype(np.uint8) * 255",
        }.get(array.dtype.kind, "; convert it to uint8")
        raise ImageError(f"{expected}, not {what}{advice}")
    if array.ndim not in (2, 3):
        few = "; one photo a call, for a batch call predict for each" if array.ndim == 4 else ""
        raise ImageError(f"{expected}, not {what}: {array.ndim} dimensions{few}")
    if array.size == 0:
        raise ImageError(f"{expected}, not {what}: it is empty")
    channels = 1 if array.ndim == 2 else array.shape[2]
    if channels == 3:
        return array
    if channels not in (1, 4):
        first = array.shape[0] in (1, 3, 4)
        advice = "; move the channels last: image.transpose(1, 2, 0)" if first else ""
        raise ImageError(f"{expected}, not {what}: {channels} channels{advice}")
    code = cv2.COLOR_GRAY2BGR if channels == 1 else cv2.COLOR_BGRA2BGR
    converted: Any = cv2.cvtColor(np.ascontiguousarray(array), code)
    image: Image = converted
    return image


def _hint(image: object) -> str:
    if image is None:
        return "; cv2.imread gives None for a file that it cannot read"
    if type(image).__module__.startswith("PIL."):
        return "; pass np.asarray(image.convert('RGB'))[..., ::-1]"
    if type(image).__module__.startswith("torch"):
        return "; pass a uint8 numpy array (H, W, 3) in BGR order"
    return ""
