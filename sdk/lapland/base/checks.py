"""Checks of arguments: the error is always lapland's, and short."""

import math
import numbers
import os
from pathlib import Path
from typing import Any

import numpy as np

from .errors import OptionError, shown

_LONGEST = 4096  # characters of a path


def check_flags(**flags: object) -> None:
    """Refuses all but True and False.

    Raises:
        OptionError: one is something else; an array has no single truth.
    """
    for name, value in flags.items():
        if not isinstance(value, (bool, np.bool_)):
            raise OptionError(f"{name} must be True or False, not {shown(value)}")


def real_number(value: object) -> float:
    """A real number as a float; NaN for anything else, or one beyond the range of a float."""
    real = isinstance(value, numbers.Real) and not isinstance(value, bool)
    try:
        return float(value) if real else math.nan  # type: ignore[arg-type]
    except OverflowError:
        return math.nan


def is_finite(value: object) -> bool:
    """Whether it is a number within the range of a float."""
    return math.isfinite(real_number(value))


def is_above_0(value: Any) -> bool:
    """Whether it is a finite number above 0."""
    return is_finite(value) and bool(value > 0)


def checked_path(path: object, name: str = "path", of: str = "a file") -> Path:
    """The path of a file.

    Args:
        path: as the caller gave it.
        name: name of the argument, for messages.
        of: the kind of file, for messages.

    Raises:
        OptionError: it is none, or no file can have that name.
    """
    text = os.fspath(path) if isinstance(path, (str, os.PathLike)) else None
    if not isinstance(text, str) or "\0" in text or len(text) > _LONGEST:
        raise OptionError(f"{name} must be the path of {of}, not {shown(path)}")
    return Path(text)
