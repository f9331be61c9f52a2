"""Objects of other libraries -> an array: PIL images, tensors, open files. None is imported."""

import inspect
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..base.errors import ImageError, shown
from .depth import DepthError, eight_bits
from .exif import turned

_ORIENTATION = 0x0112
_DEEP_MODES = ("I;16", "I;16L", "I;16B", "I;16N", "I", "F")


def is_pil(image: object) -> bool:
    """Whether it is an image of PIL or of a plug-in of it."""
    classes = [(each.__module__, each.__name__) for each in type(image).__mro__]
    return ("PIL.Image", "Image") in classes and hasattr(image, "getexif")


def from_pil(image: Any) -> NDArray[np.uint8]:
    """(H, W) grey or (H, W, 3) RGB, turned as its EXIF states; of an animation the present frame.

    Raises:
        ImageError: PIL cannot decode it.
    """
    try:
        turn = image.getexif().get(_ORIENTATION, 1)
        deep = image.mode in _DEEP_MODES
        pixels = np.asarray(image if deep else image.convert("RGB"))
        eight = eight_bits(pixels)[0] if deep else pixels
    except DepthError as error:
        raise ImageError(f"the PIL image: {error}; convert it to 8 bits") from None
    except (OSError, SyntaxError, ValueError, MemoryError) as error:  # of PIL's decoders
        raise ImageError(f"the PIL image: cannot be decoded ({shown(str(error))})") from error
    return turned(eight, turn if isinstance(turn, int) and 1 <= turn <= 8 else 1)


def from_file(file: Any, most: int) -> bytes:
    """The rest of an open file, from its position on.

    Args:
        file: an object with `read`.
        most: bytes; more are refused.

    Raises:
        ImageError: it gives no bytes, none, or more than that.
    """
    kind = f"{type(file).__module__}.{type(file).__qualname__}"
    try:
        data = file.read(most + 1)
    except (OSError, ValueError) as error:  # ValueError: it is closed
        raise ImageError(f"the open file: cannot be read ({shown(str(error))})") from error
    if inspect.isawaitable(data):
        if inspect.iscoroutine(data):
            data.close()
        raise ImageError(f"expected an open file, not {kind}; pass await file.read()")
    if isinstance(data, str):
        raise ImageError(f"expected a file of bytes, not of text ({kind}); open it with 'rb'")
    if not isinstance(data, (bytes, bytearray, memoryview)):
        raise ImageError(f"expected bytes from {kind}.read(), not {type(data).__name__}")
    if len(data) > most:
        raise ImageError(f"the open file: more than {most} bytes, which is the limit")
    if not data:
        raise ImageError(
            "the open file: nothing is left to read; if it was read before, call file.seek(0) first"
        )
    return bytes(data)


def is_tensor(image: object) -> bool:
    """Whether it offers itself as an array, as the tensors of torch, TensorFlow and JAX do."""
    return hasattr(image, "__array__") and not isinstance(image, type)


def from_tensor(image: Any) -> NDArray[Any]:
    """The array that an object offers; of a torch tensor with its channels first, these last.

    Raises:
        ImageError: it cannot give one, as on a GPU.
    """
    torch = type(image).__module__.partition(".")[0] == "torch"
    try:
        array = np.asarray(image.detach() if torch else image)
    except Exception as error:  # each library has its own
        reason = shown(str(error)).strip("'\"")
        raise ImageError(
            f"expected a tensor on the CPU, not {type(image).__module__}."
            f"{type(image).__qualname__} that gives no array ({reason}); call .cpu() first"
        ) from error
    first = array.ndim == 3 and array.shape[0] in (1, 3, 4) and array.shape[2] not in (1, 3, 4)
    return np.moveaxis(array, 0, 2) if torch and first else array
