"""The command `lapland`: predict, webcam, benchmark, models."""

import argparse
import io
import json
import os
import sys
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path

from . import __version__
from . import _benchmark as benchmark
from . import _benchmark_options as benchmark_options
from . import _benchmark_plot as benchmark_plot
from . import _benchmark_table as benchmark_table
from . import _models as models
from . import _webcam as webcam
from ._batch import Batch, Job, Outcome, Setup
from ._errors import LaplandError, OptionError
from ._photos import SUFFIXES, check_out, drawing_targets, find_photos, is_lines, pts_names
from ._progress import Progress, counted
from ._record import Record

_LINES = "landmarks.jsonl"  # in the folder of the .pts files


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command line.

    Returns:
        0; 1 where some photo or model could not be used, the others having been done; 2 for
        arguments that make no sense.
    """
    for stream in (sys.stdout, sys.stderr):
        # A file name that the terminal cannot show must not end the work on all the others.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    options = _parser().parse_args(arguments)
    try:
        code: int = options.run(options)
    except OptionError as error:
        _complain(error)
        return 2
    except LaplandError as error:
        _complain(error)
        return 1
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # the reader of our output has gone, as `head` does
        sys.stderr.close()
        return 1
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="lapland", description="Facial landmarks on a CPU.")
    parser.add_argument("--version", action="version", version=f"lapland {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    predict = commands.add_parser(
        "predict",
        help="find the landmarks in photos and draw or write them",
        description="Finds the landmarks of every face in photos. Draws them on a copy of each "
        "photo, prints them as JSON, or writes them to files; what writes files goes on where "
        "it was stopped when it is started again.",
    )
    predict.add_argument("photos", nargs="+", type=Path, metavar="PHOTO", help="file or folder")
    predict.add_argument(
        "-o",
        "--out",
        type=Path,
        metavar="OUT",
        help="where the drawings go: a folder, or a file for a single photo "
        "(default: PHOTO_landmarks.jpg in this folder, or no drawing with --json); or "
        "FILE.jsonl, which gets a line of JSON for each photo, and nothing is drawn",
    )
    predict.add_argument("--json", action="store_true", help="print landmarks as lines of JSON")
    predict.add_argument(
        "--pts",
        type=Path,
        metavar="FOLDER",
        help=f"write a .pts file for each face, in sub-folders as the photos are, and {_LINES}",
    )
    predict.add_argument(
        "--jobs", type=int, default=1, metavar="N", help="processes at work (default: 1)"
    )
    predict.add_argument(
        "--retry", action="store_true", help="try photos again that FILE.jsonl holds an error for"
    )
    _add_detector(predict, models.DEFAULT_WIDTH)
    predict.add_argument(
        "--threads",
        type=int,
        metavar="N",
        help="threads of a process (default: every core; 1 where --jobs is above 1)",
    )
    predict.set_defaults(run=_predict)

    _add_webcam(commands)

    benchmarking = commands.add_parser(
        "benchmark",
        help="measure size, error and speed of models here",
        description="Measures models on the machine at hand: the landmark stage alone, and the "
        "whole of predict on a photo of one face. Models take turns, until every median is known "
        f"to within {benchmark.Settings.spread:.0%} or the time is over.",
    )
    benchmark_options.add_options(benchmarking)
    benchmarking.set_defaults(run=_benchmark)

    listing = commands.add_parser("models", help="list the models that are shipped")
    listing.add_argument("--json", action="store_true", help="as a line of JSON for each model")
    listing.set_defaults(run=_models)
    return parser


def _add_detector(parser: argparse.ArgumentParser, width: str) -> None:
    """The options that whatever finds faces has, and the width that it takes by default."""
    parser.add_argument(
        "--width",
        default=width,
        help=f"width of the network (default: {width})",
    )
    parser.add_argument(
        "--precision",
        default=models.DEFAULT_PRECISION,
        choices=models.PRECISIONS,
        help=f"of its arithmetic (default: {models.DEFAULT_PRECISION})",
    )
    parser.add_argument("--model", type=Path, metavar="FILE", help="an ONNX model of your own")
    parser.add_argument(
        "--min-face", type=int, default=40, metavar="PX", help="smallest face (default: 40)"
    )


def _add_webcam(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = commands.add_parser(
        "webcam",
        help="find and draw the landmarks in a live picture or a video",
        description="Finds the landmarks of every face in the picture of a camera, a video file or "
        "a stream, draws them, coloured by how sure they are, with a number for each face, and "
        "shows the picture, records it, or both. Keys in the window: d draws boxes as well, or "
        "the circles that hold nine in ten landmarks; s changes the smoothing, w the width; h "
        "hides the keys. Ends with q, Esc, Ctrl-C or the window.",
    )
    default = webcam.Settings()
    parser.add_argument(
        "--source",
        default=default.source,
        help="number of a camera, a video file or a URL (default: 0, the first camera)",
    )
    parser.add_argument("--record", type=Path, metavar="OUT.mp4", help="also write a video file")
    parser.add_argument("--no-window", dest="window", action="store_false", help="show nothing")
    _add_detector(parser, models.VIDEO_WIDTH)
    parser.add_argument(
        "--smoothing",
        choices=("off", "light", "strong"),
        default=default.smoothing,
        help="how much landmarks are smoothed over time (default: light)",
    )
    parser.add_argument("--threads", type=int, metavar="N", help="threads (default: every core)")
    parser.set_defaults(run=_webcam)


def _webcam(options: argparse.Namespace) -> int:
    names = webcam.Settings.__dataclass_fields__
    given = {name: value for name, value in vars(options).items() if name in names}
    print(webcam.run(webcam.Settings(**given)))
    return 0


def _predict(options: argparse.Namespace) -> int:
    check_out(options.out)
    to_file = options.pts is not None or is_lines(options.out)
    if options.pts is not None and (options.out is not None or options.json):
        raise OptionError(
            f"--pts {options.pts}: expected no {'--json' if options.json else '-o'} beside it; "
            f"the lines of JSON are in {options.pts / _LINES}"
        )
    if options.retry and not to_file:
        raise OptionError("--retry: expected -o FILE.jsonl or --pts FOLDER, which keep the errors")
    threads = options.threads
    if threads is None and options.jobs > 1:
        threads = 1  # a core for each process
    setup = Setup(options.width, options.precision, options.model, options.min_face, threads)
    batch = Batch(setup, options.jobs)
    photos, empty = find_photos(options.photos, None if to_file else options.out)
    for folder in empty:
        if os.access(folder, os.R_OK | os.X_OK):
            _complain(f"{folder}: holds no photo ({', '.join(sorted(SUFFIXES))})")
        else:
            _complain(f"{folder}: cannot be read (permission denied)")
    predict = _predict_to_file if to_file else _predict_to_screen
    return max(predict(options, batch, photos), 1 if empty else 0)


def _predict_to_screen(
    options: argparse.Namespace, batch: Batch, photos: Mapping[Path, Path]
) -> int:
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
    finally:
        for failure in failures:
            _complain(failure)
    return 1 if failures else 0


def _predict_to_file(options: argparse.Namespace, batch: Batch, photos: Mapping[Path, Path]) -> int:
    """Writes landmarks to a file of JSON Lines and `.pts` files; goes on where a run stopped."""
    path = options.out if options.pts is None else options.pts / _LINES
    with closing(Record(path, batch.settings, photos, retry=options.retry)) as record:
        if record.mended:
            _complain(f"{path}: the last line was cut off; its photo is done again")
        left = {p: root for p, root in photos.items() if os.path.abspath(p) not in record.done}
        names = pts_names(left, record.pts) if options.pts is not None else {}
        jobs = (Job(p, pts=(options.pts, *names[p]) if names else None) for p in left)
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
        except KeyboardInterrupt:
            _complain("stopped; the same command goes on from here")
            raise
        finally:
            for failure in failures:
                _complain(failure)
            earlier = f" ({len(record.done)} of them before)" if record.done else ""
            print(f"{path}: {counted(done, 'photo')}{earlier}, {counted(faces, 'face')}")
            if failures:
                many = counted(len(failures), "photo")
                _complain(f"{many} could not be used; --retry tries again")
    return 1 if failures else 0


def _shown(
    outcomes: Generator[Outcome, None, None], total: int, before: int = 0
) -> Iterator[Outcome]:
    """Passes the outcomes on, and shows how many there have been."""
    progress = Progress(sys.stderr, total, before)
    with closing(outcomes), closing(progress):
        for outcome in outcomes:
            progress.step()
            yield outcome


def _benchmark(options: argparse.Namespace) -> int:
    for path, suffix in ((options.json, ".json"), (options.plot, ".png")):
        if path is not None:
            benchmark.check_writable(path, suffix)
    if options.plot is not None:
        benchmark_plot.check_installed()
    measured = benchmark.Benchmark(benchmark_options.settings_of(options))
    if options.plot is not None and not any("common" in i.nmse for i in measured.infos):
        raise OptionError("--plot: expected a model whose NMSE on 300-W common is known")
    report = measured.run(sys.stderr)
    print(benchmark_table.text(report), flush=True)
    for warning in benchmark.warnings(report):
        _complain(warning)
    if options.json is not None:
        benchmark.write(options.json, (json.dumps(report, indent=1) + "\n").encode())
    if options.plot is not None:
        benchmark.write(options.plot, benchmark_plot.draw(report))
    return 0


def _models(options: argparse.Namespace) -> int:
    infos = [models.describe(models.folder() / name / "model.onnx") for name in models.shipped()]
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
    print(f"\nin {models.folder()}; weights: {infos[0].licence}")
    return 0


def _complain(problem: object) -> None:
    print(f"lapland: {problem}", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
