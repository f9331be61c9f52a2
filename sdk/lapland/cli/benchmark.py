"""`lapland benchmark`: size, error and speed of models on this machine."""

import argparse
import json
import sys
from collections.abc import Sequence

from ..base.errors import OptionError, shown
from ..measure import benchmark, plot, table
from ..measure.benchmark import Settings
from ..networks import index
from .options import complain, path_of


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Adds the subcommand."""
    parser = commands.add_parser(
        "benchmark",
        help="measure size, error and speed of models here",
        description="Measures models on the machine at hand: the landmark stage alone, and the "
        "whole of predict on a photo of one face. Models take turns, until every median is known "
        f"to within {Settings.spread:.0%} or the time is over.",
    )
    add_options(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Runs the subcommand; returns the exit status."""
    for path, suffix in ((options.json, ".json"), (options.plot, ".png")):
        if path is not None:
            benchmark.check_writable(path, suffix)
    if options.plot is not None:
        plot.check_installed()
    measured = benchmark.Benchmark(settings_of(options))
    if options.plot is not None and not any("common" in i.nmse for i in measured.infos):
        raise OptionError("--plot: expected a model whose NMSE on 300-W common is known")
    report = measured.run(sys.stderr)
    print(table.text(report), flush=True)
    for warning in benchmark.warnings(report):
        complain(warning)
    if options.json is not None:
        benchmark.write(options.json, (json.dumps(report, indent=1) + "\n").encode())
    if options.plot is not None:
        benchmark.write(options.plot, plot.draw(report))
    return 0


def add_options(parser: argparse.ArgumentParser) -> None:
    """Adds them to the parser of the command."""
    default = Settings()
    width, height = default.size
    parser.add_argument(
        "models",
        nargs="*",
        type=path_of,
        metavar="MODEL.onnx",
        help="models of your own, as export.rcn writes them; they alone are measured, unless "
        "--width, --precision or --weights name shipped ones beside them (default: every model of "
        "`lapland models` that is installed)",
    )
    parser.add_argument("--width", nargs="+", metavar="W", help="of shipped models")
    parser.add_argument("--precision", nargs="+", choices=index.PRECISIONS, help="the same")
    parser.add_argument("--weights", choices=tuple(index.FAMILIES), help="the same")
    parser.add_argument(
        "--threads",
        nargs="+",
        type=int,
        default=default.threads,
        metavar="N",
        help="threads of a call; several are measured one after the other (default: 1)",
    )
    parser.add_argument(
        "--batch",
        type=int,
        default=default.batch,
        metavar="N",
        help=f"crops of a call of the landmark stage (default: {default.batch})",
    )
    parser.add_argument(
        "--size", metavar="WxH", help=f"of the photo, pixels (default: {width}x{height})"
    )
    parser.add_argument("--photo", type=path_of, metavar="FILE", help="a photo of your own instead")
    parser.add_argument(
        "--min-face",
        type=int,
        default=default.min_face,
        metavar="PX",
        help=f"smallest face (default: {default.min_face})",
    )
    parser.add_argument(
        "--seconds",
        type=float,
        default=default.seconds,
        metavar="S",
        help=f"at most so long for each model and number of threads (default: {default.seconds:g})",
    )
    parser.add_argument("--json", type=path_of, metavar="FILE.json", help="also write the figures")
    parser.add_argument(
        "--plot",
        type=path_of,
        metavar="FILE.png",
        help="also draw speed against accuracy; needs lapland[plot]",
    )


def settings_of(options: argparse.Namespace) -> Settings:
    """The settings that the user chose.

    Raises:
        OptionError: --size is no size, or stands beside --photo.
    """
    if options.size is not None and options.photo is not None:
        raise OptionError("--size: expected no --photo beside it; a photo keeps its own size")
    return Settings(
        models=tuple(options.models),
        widths=_or_none(options.width),
        precisions=_or_none(options.precision),
        weights=options.weights,
        threads=tuple(dict.fromkeys(options.threads)),
        batch=options.batch,
        size=Settings.size if options.size is None else _size(options.size),
        photo=options.photo,
        min_face=options.min_face,
        seconds=options.seconds,
    )


def _or_none(values: Sequence[str] | None) -> tuple[str, ...] | None:
    return None if values is None else tuple(values)


def _size(text: str) -> tuple[int, int]:
    parts = text.lower().split("x")
    if len(parts) != 2 or not all(part.isdecimal() and part.isascii() for part in parts):
        raise OptionError(f"--size must be WIDTHxHEIGHT in pixels, as 640x480, not {shown(text)}")
    return int(parts[0]), int(parts[1])
