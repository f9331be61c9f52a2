"""Imports of optional packages, with an error that says how to install them."""

from collections.abc import Iterator
from contextlib import contextmanager

from ..base.errors import MissingExtraError


@contextmanager
def extra(package: str, call: str, name: str | None = None) -> Iterator[None]:
    """Says how to install what is imported within, where it is not there.

    Args:
        package: what is imported.
        call: what needs it.
        name: name of the extra that brings it, where it is not that of the package.

    Raises:
        MissingExtraError: it is not installed.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        if error.name != package:  # it is there, but lacks something itself
            raise
        raise MissingExtraError(
            f"{call} needs {package}, which is not installed: pip install "
            f"'lapland[{name or package}]'"
        ) from error
