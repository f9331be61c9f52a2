"""Imports of optional packages, with an error that says how to install them."""

from collections.abc import Iterator
from contextlib import contextmanager

from ..base.errors import MissingExtraError


@contextmanager
def extra(package: str, call: str, name: str | None = None) -> Iterator[None]:
    """Says how to install a package that the block imports, if it is not there.

    Args:
        package: the imported package.
        call: the call that needs it.
        name: name of the extra that brings it; None if it is the name of the package.

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
            f"'lapland[{name or package}]', or '.[{name or package}]' in a clone of the repository"
        ) from error
