"""Scheme names -> schemes."""

import copyreg
from types import MappingProxyType
from typing import Any

from .aflw19 import AFLW19
from .ibug68 import IBUG68
from .scheme import Scheme

SCHEMES: MappingProxyType[str, Scheme] = MappingProxyType(
    {scheme.name: scheme for scheme in (IBUG68, AFLW19)}
)


def scheme_named(name: str) -> Scheme:
    """The scheme of that name."""
    return SCHEMES[name]


def _by_name(scheme: Scheme) -> tuple[Any, ...]:
    return scheme_named, (scheme.name,)


# Pickled by name: a mappingproxy cannot be pickled, and there is one object of each scheme.
copyreg.pickle(Scheme, _by_name)
