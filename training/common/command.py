"""How a command of the repository ends when it is stopped, or finds no room to write."""

import errno
import sys
from collections.abc import Callable

from lapland.cli.stops import exit_status, stoppable

# A full disk or quota, a file too large for it, a read-only disk, a folder of somebody else.
_NOWHERE = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EACCES, errno.EPERM}


def as_program(main: Callable[[], object], *, goes_on: bool = False) -> None:
    """Runs a module as a program.

    SIGTERM and SIGHUP end it as Ctrl-C does: temporary files are removed, and there is one line.
    Files are written beside their names first, so none is half there.

    Args:
        main: the function of the module.
        goes_on: whether the same command goes on where it was stopped.

    Raises:
        SystemExit: always; its code is what `main` returned, 128 and the signal's number, or the
            error of a disk that is full or a folder that cannot be written to.
    """
    spec = sys.modules["__main__"].__spec__  # of `python -m NAME`; a file that is run has none
    name = (spec.name if spec else sys.argv[0]).removesuffix(".__main__")
    again = "; the same command goes on from here" if goes_on else ""
    try:
        with stoppable():
            code = main()
    except KeyboardInterrupt as stop:
        print(f"{name}: stopped{again}", file=sys.stderr)
        raise SystemExit(exit_status(stop)) from None
    except OSError as error:
        if error.errno not in _NOWHERE:
            raise
        raise SystemExit(f"{name}: {error}; make room, or choose another folder{again}") from None
    raise SystemExit(code)
