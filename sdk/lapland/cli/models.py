"""`lapland models`: the models of both families of weights, installed or not."""

import argparse
import json
from itertools import groupby

from ..networks import folders, index, loading

_USES = {"photo": "default for photos", "video": "default for videos"}


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Adds the subcommand."""
    parser = commands.add_parser(
        "models",
        help="list the models, by family of weights",
        description="Lists the models of both families of weights: parameters, size, error on "
        "300-W, and which are the defaults. Those that are not installed have no size.",
    )
    parser.add_argument("--json", action="store_true", help="as a line of JSON for each model")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Runs the subcommand; returns the exit status."""
    if options.json:
        for entry in index.listed():
            print(json.dumps(_row(entry)))
        return 0
    default = index.default_family()
    heading = f"{'width':<14}{'precision':<11}{'parameters':>10}{'size':>10}"
    for family, rows in groupby(index.listed(), key=lambda entry: entry.weights):
        entries = list(rows)
        terms, _ = index.FAMILIES[family]
        taken = ", the default" if family == default else ""
        print(f'weights="{family}", {terms}{taken}')
        print(f"{heading}{'NMSE %, 300-W common':>23}")
        for entry in entries:
            print(_line(entry).rstrip())
        if any(entry.path is None for entry in entries):
            print(f"-: not installed: {index.how_to_get(family)}")
        print()
    print(f"in {' and '.join(map(str, folders.folders()))}")
    return 0


def _line(entry: index.Entry) -> str:
    """A row of the table; of a model that is not installed only the name is known."""
    form = f"{entry.width:<14}{entry.precision:<11}"
    use = f"  {_USES[entry.default]}" if entry.default is not None else ""
    if entry.path is None:
        return f"{form}{'-':>10}{'-':>10}{'-':>23}{use}"
    info = loading.describe(entry.path)
    size = f"{info.bytes / 1e3:.0f} KB" if info.bytes < 1e6 else f"{info.bytes / 1e6:.2f} MB"
    nmse = f"{info.nmse['common']:.2f}" if "common" in info.nmse else "not measured"
    return f"{form}{info.parameters:>10,}{size:>10}{nmse:>23}{use}"


def _row(entry: index.Entry) -> dict[str, object]:
    """The content of a line of JSON."""
    row: dict[str, object] = {
        "name": entry.name,
        "weights": entry.weights,
        "width": entry.width,
        "precision": entry.precision,
        "default": entry.default,
    }
    if entry.path is None:
        return row | {"path": None, "get": index.how_to_get(entry.weights)}
    info = loading.describe(entry.path)
    return row | {
        "parameters": info.parameters,
        "bytes": info.bytes,
        "nmse": info.nmse,
        "licence": info.licence,
        "path": str(info.path),
    }
