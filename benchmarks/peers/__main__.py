"""lapland beside other packages, each in an environment of its own.

python -m benchmarks.peers install [NAME ...]
python -m benchmarks.peers run --data 300w
python -m benchmarks.peers report
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tqdm import tqdm

from benchmarks.common import machine, results
from benchmarks.peers import environment, measure, photos, score
from benchmarks.peers import report as tables
from benchmarks.peers.plan import HERE, LEFT_OUT, PEERS, named
from training.common.command import as_program

PROGRAM = "benchmarks.peers"
RESULTS = results.FOLDER / "peers.json"


def install(options: argparse.Namespace) -> None:
    """Makes the environments, one after the other; one that fails does not stop the others."""
    failed = []
    for peer in named(options.names):
        print(f"{peer.name}: installing {len(environment.pins(peer))} packages ...", flush=True)
        reason = environment.install(peer)
        size = environment.install_mb(peer)
        print(f"{peer.name}: {reason or f'{size:.0f} MB in {environment.folder() / peer.name}'}")
        failed += [peer.name] if reason else []
    if not options.names:
        for name, reason in LEFT_OUT.items():
            print(f"{name}: left out, {reason}")
    if failed:
        raise SystemExit(f"{PROGRAM}: not installed and skipped by `run`: {', '.join(failed)}")


def run(options: argparse.Namespace) -> None:
    """Measures, and adds the figures to those in the file of results."""
    if options.accuracy_only and not options.data:
        raise SystemExit(f"{PROGRAM}: --accuracy-only needs annotated faces: --data 300W-FOLDER")
    if options.onnx and not options.adapter:
        raise SystemExit(
            f"{PROGRAM}: --onnx needs --adapter FILE.py, which describes inputs and outputs of "
            f"the network; {HERE / 'adapters' / 'pfld.py'} is one"
        )
    rows, skipped = measure.entries(named(options.peers), options.onnx, options.adapter)
    if options.rows:
        known = [row.name for row in rows]
        if unknown := [name for name in options.rows if name not in known]:
            raise SystemExit(
                f"{PROGRAM}: no row {unknown[0]!r} can be measured; there are {'; '.join(known)}"
            )
        rows = [row for row in rows if row.name in options.rows]
    faces = _read(options)
    report = _measured(options.json)  # before the work, so that a foreign file is an error now
    if not options.accuracy_only:
        bound = machine.keep_to_one_core()
        header = results.header("peers run")
        windows = [photos.window(face) for face in faces[:: max(1, len(faces) // options.timed)]]
        windows = windows[: options.timed]
        figures, also = measure.times(rows, windows, options.rounds, options.starts)
        report = _measured(options.json)  # another run may have added errors meanwhile
        report["times"] = {
            "header": header,
            "photos": len(windows),
            "rounds": options.rounds,
            "starts": options.starts,
            "one_core": bound,
            "skipped": skipped | also,
            "rows": figures,
        }
        _write(options.json, report)
    if options.data and not options.times_only:
        header = results.header("peers run")
        figures, also = measure.accuracy(rows, faces)
        for row in figures.values():  # others may be of earlier runs
            row |= {"commit": header["commit"], "date": header["date"]}
        report = _measured(options.json)  # another may have added rows meanwhile
        part = {"split": options.split, "faces": len(faces)}
        before = report.get("accuracy", {})
        if part != {key: before.get(key) for key in part}:
            before = {}  # of other faces
        figures = _in_order(before.get("rows", {}) | figures)
        by_all = score.sum_up(figures)
        gone = before.get("skipped", {}) | skipped | also
        report["accuracy"] = {
            "header": header,
            **part,
            "by_all": by_all,
            "skipped": {name: reason for name, reason in gone.items() if name not in figures},
            "rows": figures,
        }
        _write(options.json, report)
    print(f"{tables.speed(report)}\n\n{tables.accuracy(report)}")
    for name, reason in (skipped | also).items():
        print(f"{name}: skipped, {reason}")


def _read(options: argparse.Namespace) -> list[photos.Photo]:
    if options.data is None:
        return [photos.astronaut()]
    try:
        chosen = photos.names(options.data, options.split, options.photos)
        return [photos.read(options.data, name) for name in tqdm(chosen, "photos", mininterval=2)]
    except OSError as error:
        raise SystemExit(f"{PROGRAM}: {error}") from None


def _measured(path: Path) -> dict[str, Any]:
    """The present content of a file of results."""
    if not path.is_file():
        return {}
    try:
        return results.read(path)
    except ValueError as error:
        raise SystemExit(f"{PROGRAM}: {error}") from None


def _in_order(rows: dict[str, Any]) -> dict[str, Any]:
    """Rows as the plan has them, those of ONNX files after them."""
    planned = [row.name for peer in PEERS for row in peer.rows]
    return {name: rows[name] for name in [*planned, *rows] if name in rows}


def _write(path: Path, report: dict[str, Any]) -> None:
    """Under the header of the part that was measured last; each part has its own as well."""
    parts = {name: report[name] for name in ("times", "accuracy") if name in report}
    newest = max((part["header"] for part in parts.values()), key=lambda head: head["date"])
    path.parent.mkdir(parents=True, exist_ok=True)
    results.write(path, newest, parts)


def main(arguments: Sequence[str] | None = None) -> None:
    """The command line."""
    form = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(
        f"python -m {PROGRAM}", description=__doc__, formatter_class=form
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    adds = commands.add_parser("install", help="makes the environments from PyPI, in .peers/")
    adds.add_argument("names", nargs="*", metavar="NAME", help="all by default")
    adds.set_defaults(call=install)
    runs = commands.add_parser("run", help="measures all that are installed")
    runs.add_argument("--data", type=Path, help="300-W folder; without it the astronaut's times")
    runs.add_argument("--split", default="common", help="file of --data's splits/")
    runs.add_argument("--photos", type=int, help="so many of its faces, evenly chosen")
    runs.add_argument("--timed", type=int, default=20, help="photos of them that are timed")
    runs.add_argument("--rounds", type=int, default=5, help="timed calls on each photo")
    runs.add_argument("--starts", type=int, default=3, help="timed starts of each process")
    runs.add_argument("--peers", nargs="*", default=[], metavar="NAME", help="all by default")
    runs.add_argument(
        "--rows", nargs="*", default=[], metavar="ROW", help="of theirs, all by default"
    )
    runs.add_argument("--onnx", nargs="*", default=[], type=Path, metavar="FILE")
    runs.add_argument("--adapter", type=Path, metavar="FILE.py", help="how to use --onnx")
    runs.add_argument("--json", type=Path, default=RESULTS, metavar="FILE", help="of the results")
    only = runs.add_mutually_exclusive_group()
    only.add_argument("--times-only", action="store_true", help="keeps the errors of --json")
    only.add_argument("--accuracy-only", action="store_true", help="keeps the times of --json")
    runs.set_defaults(call=run)
    options = parser.parse_args(sys.argv[1:] if arguments is None else arguments)
    for name in ("names", "peers"):
        try:
            named(getattr(options, name, []))
        except ValueError as error:
            raise SystemExit(f"{PROGRAM}: {error}") from None
    options.call(options)


if __name__ == "__main__":
    as_program(main)
