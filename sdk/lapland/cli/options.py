"""Options and messages that subcommands share."""

import argparse
import sys
from pathlib import Path
from typing import Any

from ..detection.registry import DEFAULT_DETECTOR, DETECTORS
from ..networks import index
from ..options import DetectorOptions


def add_detector(parser: argparse.ArgumentParser, width: str, *, min_face: int = 40) -> None:
    """Adds the options of a command that finds faces.

    Args:
        parser: parser of the subcommand.
        width: width of the network by default.
        min_face: smallest face by default, pixels.
    """
    parser.add_argument(
        "--width",
        default=width,
        help=f"width of the network (default: {width})",
    )
    parser.add_argument(
        "--precision",
        default=index.DEFAULT_PRECISION,
        choices=index.PRECISIONS,
        help=f"of its arithmetic (default: {index.DEFAULT_PRECISION})",
    )
    parser.add_argument("--model", type=Path, metavar="FILE", help="an ONNX model of your own")
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
    """The options of a `Detector` among those of a command.

    Args:
        options: options of a parser that `add_detector` has made.
        more: keywords that the command sets itself.

    Raises:
        OptionError: as `DetectorOptions`.
    """
    names = DetectorOptions.__dataclass_fields__
    given = {name: value for name, value in vars(options).items() if name in names}
    return DetectorOptions(**given | more)


def path_of(text: str) -> Path:
    """A path that was given; an empty one, as of a shell's unset variable, is an error."""
    if not text.strip():
        raise argparse.ArgumentTypeError("expected a file or folder, found an empty name")
    return Path(text)


def complain(problem: object) -> None:
    """Prints a line to stderr."""
    print(f"lapland: {problem}", file=sys.stderr)
