"""`lapland models`: the shipped models."""

import argparse
import json

from ..networks import index, loading


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Adds the subcommand."""
    parser = commands.add_parser("models", help="list the models that are shipped")
    parser.add_argument("--json", action="store_true", help="as a line of JSON for each model")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Runs the subcommand; returns the exit status."""
    infos = [loading.describe(index.folder() / name / "model.onnx") for name in index.shipped()]
    if options.json:
        for info in infos:
            row = {
                "name": info.name,
                "width": info.width,
                "precision": info.precision,
                "parameters": info.parameters,
                "bytes": info.bytes,
                "nmse": info.nmse,
                "licence": info.licence,
                "path": str(info.path),
            }
            print(json.dumps(row))
        return 0
    heading = f"{'width':<10}{'precision':<11}{'parameters':>10}{'size':>10}"
    print(f"{heading}{'NMSE %, 300-W common':>23}")
    for info in infos:
        size = f"{info.bytes / 1e3:.0f} KB" if info.bytes < 1e6 else f"{info.bytes / 1e6:.2f} MB"
        nmse = f"{info.nmse['common']:.2f}" if "common" in info.nmse else "not measured"
        print(f"{info.width:<10}{info.precision:<11}{info.parameters:>10,}{size:>10}{nmse:>23}")
    print(f"\nin {index.folder()}; weights: {infos[0].licence}")
    return 0
