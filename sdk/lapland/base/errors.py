"""The errors that lapland raises, each also the built-in class that fits.

::

    LaplandError
    ├── ImageError              (ValueError)         the input is no usable image
    │   └── ImageNotFoundError  (FileNotFoundError)  there is no file at that path
    ├── GeometryError           (ValueError)         boxes or five points of a wrong form
    ├── OptionError             (ValueError)         a keyword outside its range
    ├── ModelError              (ValueError)         a model file that is damaged or foreign
    │   └── ModelNotFoundError  (FileNotFoundError)  no model of that name or path
    └── MissingExtraError       (ImportError)        an adapter whose library is not installed
"""

import numbers
import reprlib

_MOST = 200  # characters of a value of the user's in a message
_REPR = reprlib.Repr()
_REPR.maxstring = _REPR.maxother = _MOST
_REPR.maxlist = _REPR.maxtuple = _REPR.maxdict = _REPR.maxset = _REPR.maxarray = 8
_REPR.maxlong = 60


def shown(value: object) -> str:
    """A value for a message: its `repr`, on one line and cut to 200 characters."""
    try:
        return clipped(_REPR.repr(value))
    except Exception:  # the `repr` of a foreign class may raise anything
        return f"an object of {type(value).__name__}"


def clipped(given: object) -> str:
    """A path or text for a message: on one line, and cut to 200 characters in its middle."""
    text = str(given)
    if len(text) > _MOST:
        text = f"{text[: _MOST // 2 - 2]}...{text[2 - _MOST // 2 :]}"
    return "".join(
        letter if letter.isprintable() or _is_escaped(letter) else " " for letter in text
    )


def is_share(value: object) -> bool:
    """Whether it is a number between 0 and 1, without these."""
    number = isinstance(value, numbers.Real) and not isinstance(value, bool)
    return number and 0 < value < 1  # type: ignore[operator]


def _is_escaped(letter: str) -> bool:
    """Whether it is a byte of a file name that is no text; terminals show it escaped."""
    return "\udc80" <= letter <= "\udcff"


class LaplandError(Exception):
    """Every error of lapland's own."""


class ImageError(LaplandError, ValueError):
    """The input cannot be used as an image."""


class ImageNotFoundError(ImageError, FileNotFoundError):
    """There is no file at the path of the image."""


class GeometryError(LaplandError, ValueError):
    """Boxes or five points have a wrong shape or values."""


class OptionError(LaplandError, ValueError):
    """A keyword argument has a value outside its range."""


class ModelError(LaplandError, ValueError):
    """A model file is damaged, or is not one that lapland can run."""


class ModelNotFoundError(ModelError, FileNotFoundError):
    """There is no model of that name, or no file at that path."""


class MissingExtraError(LaplandError, ImportError):
    """A library that a method needs beyond lapland's own is not installed."""


def check_probability(value: object) -> None:
    """Refuses all but a number between 0 and 1, without these.

    Raises:
        OptionError: it is 0, 1, beyond them, or no number.
    """
    if not is_share(value):
        raise OptionError(
            f"probability: expected a number between 0 and 1, as 0.9, not {shown(value)}"
        )
