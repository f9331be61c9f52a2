"""Properties whose values are computed once."""

from collections.abc import Callable
from typing import Any, Generic, TypeVar, overload

Value = TypeVar("Value")


class once(Generic[Value]):  # noqa: N801 - it is used as `property` is
    """A property that is computed at its first use and kept; the object does not change.

    `functools.cached_property` of Python 3.11 holds a lock while it computes. A process that is
    forked meanwhile waits for that lock for ever. Here two threads may both compute the value.
    """

    def __init__(self, compute: Callable[[Any], Value]) -> None:
        self._compute = compute
        self.__doc__ = compute.__doc__

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    @overload
    def __get__(self, instance: None, owner: type) -> "once[Value]": ...

    @overload
    def __get__(self, instance: object, owner: type) -> Value: ...

    def __get__(self, instance: object | None, owner: type) -> "Value | once[Value]":
        if instance is None:
            return self
        # The next access finds the value there, before this descriptor, which has no `__set__`.
        kept: Value = instance.__dict__.setdefault(self._name, self._compute(instance))
        return kept
