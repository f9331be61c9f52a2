"""Options that choose the landmark model of a benchmark."""

import argparse

from lapland import Detector
from lapland.networks import index


def add_model(parser: argparse.ArgumentParser) -> None:
    """Adds `--width` and `--weights`."""
    parser.add_argument("--width", help="of the network (default: that of the default model)")
    parser.add_argument("--weights", choices=tuple(index.FAMILIES), help="family of the weights")


def detector_of(options: argparse.Namespace, role: str, threads: int) -> Detector:
    """The detector of the options; writes its width into them, for the results.

    Args:
        options: options of a parser that `add_model` has made.
        role: `photo` or `video`: the role of the default model, for options without a width.
        threads: threads of one call.
    """
    width, precision = index.form_of(role, options.width, None, options.weights)
    options.width = width
    return Detector(width, precision=precision, weights=options.weights, threads=threads)
