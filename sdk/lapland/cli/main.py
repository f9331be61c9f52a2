"""The command `lapland`: one file for each subcommand."""

import argparse
import multiprocessing
import sys
from collections.abc import Sequence

from .. import __version__
from ..base.errors import LaplandError, OptionError, clipped
from . import benchmark, blur, models, predict, track, webcam
from .options import Parser, complain
from .stops import exit_status, stoppable
from .streams import drop_output, usable_streams

SUBCOMMANDS = (predict, track, blur, webcam, benchmark, models)
"""Modules with `add_parser(commands)`, in the order of `lapland --help`."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command line.

    Returns:
        0; 1 if some photo or model could not be used, after all others are done; 2 for arguments
        that make no sense; 130 after Ctrl-C, and 128 and its number after another signal.
    """
    multiprocessing.freeze_support()  # of a frozen program, processes of --jobs begin here
    with usable_streams():
        try:
            with stoppable():
                try:
                    options = parser().parse_args(arguments)
                finally:
                    sys.stdout.flush()  # a help that cannot be written is an error, too
                code: int = options.run(options)
                sys.stdout.flush()
        except OptionError as error:
            complain(error)
            return 2
        except LaplandError as error:
            complain(error)
            return 1
        except KeyboardInterrupt as stop:
            return exit_status(stop)
        except BrokenPipeError:  # the reader of our output has gone, as `head` does
            drop_output()
            return 1
        except OSError as error:
            drop_output()
            reason = error.strerror or error
            if error.filename is None:
                complain(f"the output cannot be written ({reason})")
            else:
                complain(f"{clipped(error.filename)}: cannot be used ({reason})")
            return 1
        return code


def parser() -> argparse.ArgumentParser:
    """The parser of the command line; each subcommand sets `run`."""
    top = Parser(prog="lapland", description="Facial landmarks on a CPU.")
    top.add_argument("--version", action="version", version=f"lapland {__version__}")
    commands = top.add_subparsers(required=True, metavar="COMMAND")
    for subcommand in SUBCOMMANDS:
        subcommand.add_parser(commands)
    return top
