"""`lapland predict`: landmarks of photos, drawn, printed or written to files."""

import argparse
import os
import sys
from collections import Counter
from collections.abc import Generator, Iterator, Mapping
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from ..base.errors import LaplandError, OptionError, clipped
from ..base.progress import Progress, counted
from ..batch.jobs import Batch, Job, Outcome, Setup
from ..batch.photos import (
    STDIN,
    SUFFIXES,
    check_out,
    drawing_targets,
    find_photos,
    is_lines,
    passed_over,
    pts_names,
)
from ..batch.record import Record
from .options import add_detector, complain, detector_options, path_of

_LINES = "landmarks.jsonl"  # in the folder of the .pts files


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Adds the subcommand."""
    parser = commands.add_parser(
        "predict",
        help="find the landmarks in photos and draw or write them",
        description="Finds the landmarks of every face in photos. Draws them on a copy of each "
        "photo, prints them as JSON, or writes them to files; a run that writes files "
        "and was stopped continues when it is started again.",
    )
    parser.add_argument(
        "photos",
        nargs="+",
        type=path_of,
        metavar="PHOTO",
        help="file, folder or wildcard; - reads a photo from the standard input",
    )
    parser.add_argument(
        "-o",
        "--out",
        type=path_of,
        metavar="OUT",
        help="target of the drawings: a folder, or a file for a single photo "
        "(default: PHOTO_landmarks.jpg in this folder, or no drawing with --json); or "
        "FILE.jsonl, which gets a line of JSON for each photo, and nothing is drawn",
    )
    parser.add_argument("--json", action="store_true", help="print landmarks as lines of JSON")
    parser.add_argument(
        "--pose", action="store_true", help="also yaw, pitch and roll, in drawings and lines"
    )
    parser.add_argument(
        "--eyes", action="store_true", help="also the openness of eyes and mouth, in lines"
    )
    parser.add_argument(
        "--pts",
        type=path_of,
        metavar="FOLDER",
        help=f"write a .pts file for each face, in sub-folders as the photos are, and {_LINES}",
    )
    parser.add_argument(
        "--jobs", type=int, default=1, metavar="N", help="processes at work (default: 1)"
    )
    parser.add_argument(
        "--retry", action="store_true", help="try photos again that FILE.jsonl holds an error for"
    )
    add_detector(parser, "photo")
    parser.add_argument(
        "--min-confidence",
        type=float,
        default=0.0,
        metavar="P",
        help="leave out faces whose landmarks are good with a lower probability (default: 0)",
    )
    parser.add_argument(
        "--max-faces",
        type=int,
        metavar="N",
        help="the N largest faces of each photo (default: all)",
    )
    parser.add_argument(
        "--threads",
        type=int,
        metavar="N",
        help="threads of a process (default: every core; 1 where --jobs is above 1)",
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Runs the subcommand; returns the exit status."""
    check_out(options.out)
    to_file = options.pts is not None or is_lines(options.out)
    if options.pts is not None and (options.out is not None or options.json):
        raise OptionError(
            f"--pts {clipped(options.pts)}: expected no {'--json' if options.json else '-o'} "
            "beside it; "
            f"the lines of JSON are in {clipped(options.pts / _LINES)}"
        )
    if options.retry and not to_file:
        raise OptionError("--retry: expected -o FILE.jsonl or --pts FOLDER, which keep the errors")
    if STDIN in options.photos and options.jobs > 1:
        raise OptionError("-: expected no --jobs beside the standard input, which one process has")
    if STDIN in options.photos and not hasattr(sys.stdin, "buffer"):
        raise OptionError("-: the standard input is closed; expected a photo there, or its path")
    detector = detector_options(options)
    if detector.threads is None and options.jobs > 1:
        detector = replace(detector, threads=1)  # a core for each process
    setup = Setup(detector, pose=options.pose, eyes=options.eyes)
    batch = Batch(setup, options.jobs)
    passed: Counter[str] = Counter()
    photos, empty = find_photos(options.photos, None if to_file else options.out, passed)
    for folder in empty:
        if os.access(folder, os.R_OK | os.X_OK):
            complain(f"{clipped(folder)}: holds no photo ({', '.join(sorted(SUFFIXES))}, ...)")
        else:
            complain(f"{clipped(folder)}: cannot be read (permission denied)")
    if words := passed_over(passed):
        complain(words)
    predict = _to_file if to_file else _to_screen
    return max(predict(options, batch, photos), 1 if empty else 0)


def _to_screen(options: argparse.Namespace, batch: Batch, photos: Mapping[Path, Path]) -> int:
    """Draws the photos and prints a line for each."""
    targets: dict[Path, Path] = {}
    if options.out is not None or not options.json:
        many = len(photos) > 1 or any(path.is_dir() for path in options.photos)
        targets = drawing_targets(photos, options.out, many)
    jobs = (Job(photo, targets.get(photo)) for photo in photos)
    failures: list[str] = []
    try:
        for outcome in _shown(batch.run(jobs), len(photos)):
            if outcome.error is not None:
                failures.append(outcome.error)
            elif options.json:
                print(outcome.line, flush=True)
            else:
                count = counted(outcome.faces, "face")
                print(f"{outcome.job.photo}: {count}, drawn in {outcome.job.drawing}", flush=True)
            _say(outcome)
    finally:
        for failure in failures:
            complain(failure)
    return 1 if failures else 0


def _to_file(options: argparse.Namespace, batch: Batch, photos: Mapping[Path, Path]) -> int:
    """Writes landmarks to a file of JSON Lines and `.pts` files; continues a stopped run."""
    path = options.out if options.pts is None else options.pts / _LINES
    with closing(Record(path, batch.settings, photos, retry=options.retry)) as record:
        if record.mended:
            complain(f"{clipped(path)}: the last line was cut off; its photo is done again")
        left = {p: root for p, root in photos.items() if os.path.abspath(p) not in record.done}
        names = pts_names(left, record.pts) if options.pts is not None else {}
        jobs = (Job(p, None, (options.pts, *names[p]) if names else None, True) for p in left)
        failures, faces, done = list(record.failures), record.faces, len(record.done)
        try:
            for outcome in _shown(batch.run(jobs), len(photos), len(photos) - len(left)):
                if outcome.fatal:
                    raise LaplandError(outcome.error)
                if outcome.line:
                    before = done, faces
                    # Counted first: Ctrl-C may come as soon as the line is written.
                    done, faces = done + 1, faces + outcome.faces
                    try:
                        record.append(outcome.line)
                    except LaplandError:
                        done, faces = before
                        raise
                if outcome.error is not None:
                    failures.append(outcome.error)
                _say(outcome)
        except KeyboardInterrupt:
            complain("stopped; the same command goes on from here")
            raise
        finally:
            for failure in failures:
                complain(failure)
            earlier = f" ({len(record.done)} of them before)" if record.done else ""
            print(f"{path}: {counted(done, 'photo')}{earlier}, {counted(faces, 'face')}")
            if failures:
                many = counted(len(failures), "photo")
                complain(f"{many} could not be used; --retry tries again")
    return 1 if failures else 0


def _say(outcome: Outcome) -> None:
    for note in outcome.notes:
        complain(f"{clipped(outcome.job.photo)}: {note}")


def _shown(
    outcomes: Generator[Outcome, None, None], total: int, before: int = 0
) -> Iterator[Outcome]:
    """Passes the outcomes on, and shows how many there have been."""
    progress = Progress(sys.stderr, total, before)
    with closing(outcomes), closing(progress):
        for outcome in outcomes:
            progress.step()
            yield outcome
