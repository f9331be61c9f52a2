"""Checks of the detectors' options."""

import math
import numbers

from ..base.errors import OptionError, shown

Thresholds = tuple[float, float, float]
SMALLEST = 12  # pixels; a face of fewer shows nothing to any of the networks


def checked_min_face(value: object) -> int:
    """The side of the smallest face, if it can be one."""
    whole = isinstance(value, numbers.Integral) and not isinstance(value, bool)
    if not whole or int(value) < SMALLEST:  # type: ignore[call-overload]
        raise OptionError(
            f"min_face must be a whole number of pixels, {SMALLEST} or more (40 is a good start), "
            f"not {shown(value)}; for smaller faces enlarge the image"
        )
    return int(value)  # type: ignore[call-overload, no-any-return]


def checked_thresholds(values: object, *, usual: Thresholds) -> Thresholds:
    """Three least scores, if they are; None gives the usual ones."""
    if values is None:
        return usual
    try:
        first, second, third = (float(value) for value in values)  # type: ignore[attr-defined]
    except (TypeError, ValueError, OverflowError):
        first = second = third = math.nan
    if not all(0 < value < 1 for value in (first, second, third)):
        raise OptionError(
            "thresholds must be three numbers between 0 and 1, one for each network, "
            f"such as (0.6, 0.7, 0.7), not {shown(values)}"
        )
    return first, second, third


def checked_factor(value: object) -> float:
    """The ratio of neighbouring sizes of a pyramid, if it can be one."""
    real = isinstance(value, numbers.Real) and not isinstance(value, bool)
    if not real or not 0.1 <= value <= 0.95:  # type: ignore[operator]
        raise OptionError(
            "pyramid_factor must be a number from 0.1 to 0.95 (0.709 halves the area from level to "
            f"level), not {shown(value)}"
        )
    return float(value)  # type: ignore[arg-type]
