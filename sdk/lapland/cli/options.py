"""Options and messages that subcommands share."""

import argparse
import errno
import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NoReturn

from ..base.errors import clipped, shown
from ..detection.registry import DEFAULT_DETECTOR, DETECTORS
from ..networks import index
from ..options import LOOKS, DetectorOptions

_LONG = 200  # characters


def add_detector(parser: argparse.ArgumentParser, role: str, *, min_face: int = 40) -> None:
    """Adds the options of a command that finds faces.

    Args:
        parser: parser of the subcommand.
        role: `photo` or `video`: whose default model is that of the command.
        min_face: smallest face by default, pixels.
    """
    parser.add_argument(
        "--width", help=f"width of the network (default: that for {role}s in `lapland models`)"
    )
    parser.add_argument(
        "--precision",
        choices=index.PRECISIONS,
        help="of its arithmetic (default: int8 if the width has it)",
    )
    parser.add_argument(
        "--weights",
        choices=tuple(index.FAMILIES),
        help="family of the weights: open, or 300w for research only (default: see `lapland "
        "models`)",
    )
    parser.set_defaults(role=role)
    parser.add_argument(
        "--looks",
        type=int,
        default=1,
        choices=LOOKS,
        help="crops of a face to average: less error, as many times the time of landmarks",
    )
    parser.add_argument("--model", type=path_of, metavar="FILE", help="an ONNX model of your own")
    parser.add_argument(
        "--detector",
        default=DEFAULT_DETECTOR,
        choices=DETECTORS,
        help=f"face detector (default: {DEFAULT_DETECTOR})",
    )
    parser.add_argument(
        "--turned", action="store_true", help="look for faces at any angle, upside down too"
    )
    parser.add_argument(
        "--min-face",
        type=int,
        default=min_face,
        metavar="PX",
        help=f"smallest face (default: {min_face})",
    )


def detector_options(options: argparse.Namespace, **more: Any) -> DetectorOptions:
    """The options of a `Detector` among those of a command, with its default model.

    Args:
        options: options of a parser that `add_detector` has made.
        more: keywords that the command sets itself.

    Raises:
        OptionError: as `DetectorOptions`, and there is no such family of weights.
        ModelNotFoundError: the models of the family are not installed.
    """
    names = DetectorOptions.__dataclass_fields__
    given = {name: value for name, value in vars(options).items() if name in names}
    chosen = DetectorOptions(**given | more)
    return chosen if chosen.model is not None else with_default(chosen, options.role)


def with_default(options: DetectorOptions, role: str) -> DetectorOptions:
    """The options with width and precision of the default model for a role, if none are given."""
    form = index.form_of(role, options.width, options.precision, options.weights)
    return replace(options, width=form[0], precision=form[1])


class Parser(argparse.ArgumentParser):
    """A parser whose errors repeat no more than 200 characters of an argument."""

    _given: Sequence[str] = ()

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """As the base class."""
        self._given = sys.argv[1:] if args is None else list(args)
        return super().parse_known_args(args, namespace)

    def error(self, message: str) -> NoReturn:
        """Prints the usage and the message, and ends with 2."""
        for text in self._given:
            for part in (text, text.partition("=")[2]):
                if len(part) > _LONG:
                    message = message.replace(repr(part), shown(part)).replace(part, clipped(part))
        super().error(message)


def path_of(text: str) -> Path:
    """The path of an argument.

    Raises:
        argparse.ArgumentTypeError: it is empty, as from an unset shell variable, or longer than the
            name of any file.
    """
    if not text.strip():
        raise argparse.ArgumentTypeError("expected a file or folder, found an empty name")
    try:
        os.lstat(text)
    except OSError as error:
        if error.errno == errno.ENAMETOOLONG:
            raise argparse.ArgumentTypeError(
                f"{clipped(text)}: no file has so long a name"
            ) from None
    return Path(text)


def complain(problem: object) -> None:
    """Prints a line to stderr."""
    print(f"lapland: {problem}", file=sys.stderr)
