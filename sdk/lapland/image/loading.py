"""Any input of `predict` -> one (H, W, 3) uint8 BGR array, or an error with a remedy."""

import errno
import os
from pathlib import Path
from typing import Any, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from ..base.errors import ImageError, ImageNotFoundError, clipped
from ..base.files import read_file

MAX_BYTES = 1 << 30
# The largest cameras have 0.2 * 2**30 pixels; OpenCV decodes four times as many as these, which is
# 3 GiB. Arrays may have any size: their memory is there already.
MAX_PIXELS = 1 << 28


class OpenFile(Protocol):
    """A file, opened to read bytes."""

    def read(self, size: int = ..., /) -> bytes:
        """The next bytes."""


class ArrayLike(Protocol):
    """A PIL image, or a tensor on the CPU: it gives an array."""

    def __array__(self) -> NDArray[Any]:
        """The array."""


ImageLike = (
    str
    | os.PathLike[str]
    | bytes
    | bytearray
    | memoryview
    | NDArray[np.uint8]
    | OpenFile
    | ArrayLike
)

Image = NDArray[np.uint8]


def load_image(image: ImageLike, *, rgb: bool = False) -> Image:
    """Reads an image.

    Args:
        image: a path; the bytes of an encoded file, as a one-dimensional uint8 array too; a file
            that is open to read bytes; a PIL image; or a uint8 array or CPU tensor: (H, W, 3) BGR,
            (H, W) or (H, W, 1) grey, (H, W, 4) BGRA, whose alpha is ignored. Files are JPEG, PNG,
            WebP, BMP, TIFF, GIF, PNM, JPEG 2000 or AVIF, as far as the installed OpenCV reads
            them, of at most 2**30 bytes and 2**28 pixels. Files and PIL images are turned as
            their EXIF orientation states, and an animation gives its first picture. Of 16 bits in
            a file as many count as it states, or as its largest sample needs (8, 10, 12, 14 or
            16); the logger "lapland" says so, and which page of a TIFF was read.
        rgb: whether arrays and tensors are RGB and RGBA. Files and PIL images know their order.

    Returns:
        (H, W, 3) uint8 BGR. A BGR array is not copied.

    Raises:
        ImageNotFoundError: there is no file at the path.
        ImageError: it is none of these; the message names the expected forms and the one found.
    """
    pixels, notes = read_image(image, rgb=rgb)
    if notes:
        import logging  # it takes a tenth of the time of `import lapland`

        for note in notes:
            logging.getLogger("lapland").info("%s: %s", _name(image), note)
    return pixels


def read_image(
    image: ImageLike,
    *,
    rgb: bool = False,
    most_pixels: int = MAX_PIXELS,
    most_bytes: int = MAX_BYTES,
) -> tuple[Image, tuple[str, ...]]:
    """As `load_image`, with notes on choices made for the user.

    Args:
        image: as there.
        rgb: as there.
        most_pixels: most pixels of an encoded image; one that announces more is refused.
        most_bytes: most bytes of an encoded image.
    """
    if isinstance(image, np.ndarray):
        array = np.asarray(image)  # of a subclass, as masked ones, the plain array
        if array.dtype != np.uint8 or array.ndim != 1 or not array.size:
            return _from_array(array, rgb), ()
        image = array.tobytes()
    if isinstance(image, (bytes, bytearray, memoryview)):
        if len(image) > most_bytes:
            raise ImageError(
                f"the encoded image: {len(image)} bytes, and {most_bytes} is the limit"
            )
        data = bytes(image)
        _check_is_no_path(data)
        return _decode(data, "the encoded image", most_pixels)
    if isinstance(image, (str, os.PathLike)) and isinstance(os.fspath(image), str):
        text = os.fspath(image)
        return _decode(_read_path(text, most_bytes), clipped(text), most_pixels)
    from . import objects  # few programs pass these

    if objects.is_pil(image):
        return _from_array(objects.from_pil(image), rgb=True), ()
    if hasattr(image, "read") and not isinstance(image, type):
        data = objects.from_file(image, most_bytes)
        return _decode(data, _name(image), most_pixels)
    if objects.is_tensor(image):
        return _from_array(objects.from_tensor(image), rgb), ()
    raise ImageError(
        "expected a path, the bytes of an encoded image, an open file, a PIL image or a numpy "
        f"array, not {type(image).__module__}.{type(image).__qualname__}{_hint(image)}"
    )


def _decode(data: bytes, name: str, most_pixels: int) -> tuple[Image, tuple[str, ...]]:
    from .decoding import decode  # programs that pass arrays need none of the formats

    return decode(data, name, most_pixels)


def _name(image: object) -> str:
    if isinstance(image, (str, os.PathLike)):
        return clipped(os.fspath(image))
    name = getattr(image, "name", None)
    return clipped(name) if isinstance(name, str) and name else "the encoded image"


def _read_path(text: str, most: int) -> bytes:
    if not text:
        raise ImageError("expected a path, found an empty text")
    try:
        return read_file(Path(text), most, fifo=True)
    except FileNotFoundError:
        raise ImageNotFoundError(_missing(text)) from None
    except IsADirectoryError:
        raise ImageError(f"{clipped(text)}: this is a folder, expected an image file") from None
    except (OSError, ValueError) as error:  # ValueError: a null character in the path
        if getattr(error, "errno", None) == errno.ENAMETOOLONG:
            raise ImageError(_missing(text)) from None
        cause = getattr(error, "strerror", None) or error
        raise ImageError(f"{clipped(text)}: cannot be read ({cause})") from error


def _missing(text: str) -> str:
    from .paths import missing

    return missing(text)


def _check_is_no_path(data: bytes) -> None:
    """Else a path as bytes would be a damaged image."""
    if not 0 < len(data) < 1024 or b"\0" in data or not os.path.isfile(data):
        return
    raise ImageError(f"{clipped(os.fsdecode(data))}: bytes that are a path; pass it as text")


def _from_array(array: NDArray[Any], rgb: bool) -> Image:
    if (fault := _fault(array)) is not None:
        order = ("RGB", "RGBA") if rgb else ("BGR", "BGRA")
        came = f"of shape {clipped(array.shape)} and dtype {clipped(array.dtype)}"
        raise ImageError(
            f"expected uint8 of shape (H, W, 3) in {order[0]} order, (H, W) grey or (H, W, 4) "
            f"{order[1]}, not an array {came}{fault}"
        )
    channels = 1 if array.ndim == 2 else array.shape[2]
    if channels == 3 and not rgb:
        return array
    if channels == 1:
        code = cv2.COLOR_GRAY2BGR
    elif channels == 3:
        code = cv2.COLOR_RGB2BGR
    else:
        code = cv2.COLOR_RGBA2BGR if rgb else cv2.COLOR_BGRA2BGR
    converted: Any = cv2.cvtColor(np.ascontiguousarray(array), code)
    image: Image = converted
    return image


def _fault(array: NDArray[Any]) -> str | None:
    """The fault of an array that is no image, as the end of a message; None for an image."""
    if array.dtype != np.uint8:
        if array.dtype.kind == "f" and not np.isfinite(array).all():
            return " that holds NaN or infinity; replace those"
        return _advice(array)
    if array.ndim not in (2, 3):
        few = "; one photo a call; predict_many takes each of several" if array.ndim == 4 else ""
        return f": {array.ndim} dimensions{few}"
    if array.size == 0:
        return ": it is empty"
    channels = 1 if array.ndim == 2 else array.shape[2]
    if channels not in (1, 3, 4):
        first = array.shape[0] in (1, 3, 4)
        advice = "; move the channels last: image.transpose(1, 2, 0)" if first else ""
        return f": {channels} channels{advice}"
    return None


def _advice(array: NDArray[Any]) -> str:
    """How to convert the values, by their range."""
    kind = array.dtype.kind
    if kind == "b":
        return "; pass image.astype(np.uint8) * 255"
    if kind not in "fiu" or not array.size:
        return "; convert it to uint8"
    low, high = array.min(), array.max()
    if low < 0:
        return f"; its values reach from {low:.4g} to {high:.4g}: move and scale them to 0..255"
    if kind == "f" and high <= 1:
        return "; for values in 0..1 pass (image * 255).round().astype(np.uint8)"
    if 0 < high <= 255:
        rounded = ".round()" if kind == "f" else ""
        return f"; its values are within 0..255: pass image{rounded}.astype(np.uint8)"
    bits = next((bits for bits in (10, 12, 14, 16, 32) if high < 1 << bits), None)
    if bits is None:
        return f"; its values reach {high:.4g}: scale them to 0..255"
    if kind == "f":
        return (
            f"; its values reach {high:.4g}: pass (image / {(1 << bits) // 256}).astype(np.uint8)"
        )
    if bits == 16 or high == 0:
        return "; for 16 bits pass (image // 257).astype(np.uint8)"
    return f"; its values have {bits} bits: pass (image >> {bits - 8}).astype(np.uint8)"


def _hint(image: object) -> str:
    if image is None:
        return "; cv2.imread gives None for a file that it cannot read"
    if isinstance(image, (list, tuple)) or hasattr(image, "__next__"):
        return "; for several images call predict_many, for nested numbers np.array(...)"
    library = type(image).__module__.partition(".")[0]
    if library == "PIL":
        return "; pass np.asarray(image.convert('RGB'))[..., ::-1]"
    if library == "torch":
        return "; pass a uint8 numpy array (H, W, 3) in BGR order"
    if library == "cv2":
        return "; pass the frame that its read() gives"
    return ""
