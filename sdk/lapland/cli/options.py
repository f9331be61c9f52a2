"""Options and messages that subcommands share."""

import argparse
import sys
from pathlib import Path

from ..networks import index


def add_detector(parser: argparse.ArgumentParser, width: str) -> None:
    """Adds the options of a command that finds faces.

    Args:
        parser: of the subcommand.
        width: of the network by default.
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
        "--min-face", type=int, default=40, metavar="PX", help="smallest face (default: 40)"
    )


def complain(problem: object) -> None:
    """Prints a line to stderr."""
    print(f"lapland: {problem}", file=sys.stderr)
