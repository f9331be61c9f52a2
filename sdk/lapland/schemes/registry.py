"""Scheme names -> schemes: the shipped ones, and those that a program adds."""

import copyreg
from types import MappingProxyType
from typing import Any

from ..base.errors import OptionError
from .aflw19 import AFLW19
from .definition import scheme_from_json, scheme_to_json
from .ibug68 import IBUG68
from .scheme import Scheme

_SHIPPED = {scheme.name: scheme for scheme in (IBUG68, AFLW19)}
_known = dict(_SHIPPED)
SCHEMES: MappingProxyType[str, Scheme] = MappingProxyType(_known)


def scheme_named(name: str) -> Scheme:
    """The scheme of that name."""
    return SCHEMES[name]


def is_shipped(scheme: Scheme) -> bool:
    """Whether the package has this scheme itself, so that its name is enough."""
    return _SHIPPED.get(scheme.name) is scheme


def register(scheme: Scheme) -> Scheme:
    """Makes a scheme known by its name in this process; returns the known one.

    Raises:
        OptionError: another scheme has the name.
    """
    known = _known.setdefault(scheme.name, scheme)
    if known is not scheme and scheme_to_json(known) != scheme_to_json(scheme):
        raise OptionError(f"scheme {scheme.name!r}: expected a new name, another scheme has it")
    return known


def _pickled(scheme: Scheme) -> tuple[Any, ...]:
    if is_shipped(scheme):
        return scheme_named, (scheme.name,)
    return scheme_from_json, (scheme_to_json(scheme),)


# There is one object of each scheme, which is known by its name.
copyreg.pickle(Scheme, _pickled)
