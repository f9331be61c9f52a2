"""Tracking measured on videos with known motion: `python -m benchmarks.tracking`.

Each motion of `benchmarks.videos.motions` is shown at 30 frames a second, in real time, to a
`Tracker` of each smoothing and to a `Detector` that searches every frame. Errors are mean distances
to the true landmarks in percent of the distance of the outer eye corners, over the frames with the
face neither covered nor outside and found by every one of them; frames that one of them has missed
are counted apart. With several faces, the difference of tracking and detecting has an interval of
95 %, of a bootstrap over faces: tracking is less accurate if all of it is above 0. Then a pan of
one face runs without pauses, for the times. `--rates 10 5 2` shows the same motions with so many
frames a second, and prints a table for each.

The photo is that of the examples; `benchmarks.videos.scene.astronaut` has its true landmarks;
`--data` takes photos and annotations of a folder in the layout of 300-W instead, `--faces` of those
with one found face: some 5 seconds for each face and motion. `--write FOLDER` measures nothing: it
writes the motions as `NAME.avi`, to look at.
"""

import argparse
import math
import time
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.common import machine, results
from benchmarks.common.models import add_model, detector_of
from benchmarks.videos.errors import PROBABILITIES, Log, difference, jitter, lag, summary
from benchmarks.videos.motions import FPS, MOTIONS, noisy, write
from benchmarks.videos.scene import Person, astronaut
from lapland import Detector, Tracker
from lapland.networks import index
from training.common.command import as_program

SMOOTHINGS = ("off", "light", "strong")
METHODS = ("detect", *SMOOTHINGS)


def run_motion(
    name: str, person: Person, other: Person, detector: Detector, rate: int = FPS
) -> dict[str, Log]:
    """Shows one motion in real time, `rate` frames a second, to every method of finding faces."""
    logs = {method: Log() for method in METHODS}
    trackers = {method: Tracker(detector, smoothing=method) for method in SMOOTHINGS}
    shown = time.perf_counter()
    frames = islice(noisy(MOTIONS[name](person, other)), 0, None, FPS // rate)
    for number, frame in enumerate(frames):
        for method, tracker in trackers.items():
            logs[method].add(frame, tracker.update(frame.image, number / rate))
        logs["detect"].add(frame, detector.predict(frame.image))
        shown = max(shown + 1 / rate, time.perf_counter())
        time.sleep(max(0.0, shown - time.perf_counter()))
    for tracker in trackers.values():
        tracker.close()
    return logs


def times_of(work: Callable[[NDArray[np.uint8]], object], frames: list[Any]) -> list[float]:
    """Milliseconds that each frame takes."""
    for frame in [*frames[:10], *frames[10::-1]]:  # and back, so that nothing jumps
        work(frame)
    taken = []
    # A camera or a decoder has just written the frame; one of a minute ago would come from memory.
    buffer = np.empty_like(frames[0])
    for frame in frames:
        buffer[...] = frame
        start = time.perf_counter_ns()
        work(buffer)
        taken.append((time.perf_counter_ns() - start) / 1e6)
    return taken


def frame_times(person: Person, detector: Detector, repeats: int) -> dict[str, dict[str, float]]:
    """Times of both on a pan of one face, frame after frame without a pause, in milliseconds.

    They take turns, pan by pan, so that a disturbance of the processor affects both.
    """
    frames = [f.image for f in noisy(MOTIONS["pan"](person, person))]
    taken: dict[str, list[float]] = {"track": [], "detect": []}
    with Tracker(detector) as tracker:
        for _ in range(repeats):
            for method, work in (("track", tracker.update), ("detect", detector.predict)):
                taken[method] += times_of(work, frames)
    return {
        method: machine.summary(values) | {"worst": max(values), "mean": float(np.mean(values))}
        for method, values in taken.items()
    }


def people(data: Path | None, split: Path | None, count: int) -> list[Person]:
    """The faces that are moved."""
    if data is None:
        return [astronaut()]
    import cv2

    from training.data.pts import read_pts

    names = (split or data / "splits" / "val.txt").read_text(encoding="utf-8").split()
    detector = Detector(threads=1)
    persons: list[Person] = []
    for name in names[:: max(1, len(names) // (2 * count))]:
        photo = next(p for p in data.glob(f"{name}.*") if p.suffix != ".pts")
        image = cv2.imread(str(photo))
        # Other persons in a photo have no annotation; a face that is not found cannot be followed.
        if len(detector.predict(image)) == 1 and len(persons) < count:
            persons.append(Person(name, image, read_pts(data / f"{name}.pts")))
    return persons


def measure(
    persons: list[Person], motions: list[str], detector: Detector, rate: int = FPS
) -> dict[str, Any]:
    """Every figure of every motion at one rate, and the videos' logs summed up."""
    from tqdm import tqdm

    report: dict[str, Any] = {}
    with tqdm(total=len(motions) * len(persons), unit="video", mininterval=2.0) as bar:
        for name in motions:
            logs = []
            for i, person in enumerate(persons):
                bar.set_description(name)
                other = persons[i - 1] if len(persons) > 1 else person.other()
                logs.append(run_motion(name, person, other, detector, rate))
                bar.update()
            report[name] = {method: summary(logs, method) for method in METHODS}
            for method in SMOOTHINGS:
                report[name][method] |= difference(logs, method, "detect")
            for method, figures in report[name].items():
                if name == "still":
                    seen = [j for log in logs if not math.isnan(j := jitter(log[method]))]
                    figures["jitter"] = float(np.mean(seen)) if seen else math.nan
                if name == "pan":
                    figures["lag"] = float(np.mean([lag(log[method]) for log in logs]))
                if name == "expression":
                    lips = [lag(log[method], [56, 57, 58, 65, 66, 67]) for log in logs]
                    figures["lag"] = float(np.mean(lips))
    return report


def print_report(report: dict[str, Any]) -> None:
    """The figures as tables."""
    print("errors and radii: of the frames whose face every method has found")
    print(f"{'error, % of the eye corners':<28}" + "".join(f"{method:>9}" for method in METHODS))
    for name, methods in report.items():
        print(f"  {name:<26}" + "".join(f"{methods[method]['error']:>9.2f}" for method in METHODS))
    if not any(math.isnan(methods[SMOOTHINGS[0]]["low"]) for methods in report.values()):
        print("tracking - detecting, points, and 95 % of it by bootstrap over faces")
        print(" " * 14 + "".join(f"{method:>24}" for method in SMOOTHINGS))
        for name, methods in report.items():
            gaps = [methods[method] for method in SMOOTHINGS]
            cells = [f"{g['difference']:+.2f} ({g['low']:+.2f} to {g['high']:+.2f})" for g in gaps]
            print(f"  {name:<12}" + "".join(f"{cell:>24}" for cell in cells))
    for p in PROBABILITIES:
        print(f"landmarks within radius({p}), %")
        for name, methods in report.items():
            shares = (100 * methods[method][f"within_{100 * p:.0f}"] for method in METHODS)
            print(f"  {name:<26}" + "".join(f"{share:>9.1f}" for share in shares))
    for key, title in (
        ("missed", "frames without a visible face"),
        ("false", "landmarks without a face"),
        ("switches", "changes of identity"),
        ("exchanges", "changes to the identity of another"),
        ("wait_worst", "frames until found, worst"),
    ):
        print(f"{title}")
        for name, methods in report.items():
            if any(methods[method][key] for method in METHODS):
                print(
                    f"  {name:<26}" + "".join(f"{methods[method][key]:>9.0f}" for method in METHODS)
                )
    for name, key, title in (
        ("still", "jitter", "jitter of a still face, %"),
        ("pan", "lag", "lag in a pan, frames"),
        ("expression", "lag", "lag of the lips, frames"),
    ):
        if name in report:
            row = "".join(f"{report[name][method][key]:>9.2f}" for method in METHODS)
            print(f"{title:<28}{row}")


def plot(report: dict[str, Any], times: dict[str, Any], path: Path) -> None:
    """Errors of each motion and times of a frame, as bars."""
    from matplotlib import pyplot as plt

    from training.common.figures import save_figure

    figure, (left, right) = plt.subplots(
        1, 2, figsize=(11, 4), layout="constrained", width_ratios=(3, 1)
    )
    names = list(report)
    for i, method in enumerate(METHODS):
        label = "detecting every frame" if method == "detect" else f"tracking, smoothing {method}"
        values = [report[name][method]["error"] for name in names]
        left.bar(np.arange(len(names)) + (i - 1.5) * 0.2, values, 0.2, label=label)
    left.set_xticks(np.arange(len(names)), names, rotation=30, ha="right")
    left.set_ylabel("mean error, % of the eye corners")
    left.legend(frameon=False)
    rows = ["median", "p95", "worst"]
    for i, (method, colour) in enumerate((("detect", "tab:blue"), ("track", "tab:green"))):
        bars = right.bar(
            np.arange(3) + (i - 0.5) * 0.4, [times[method][row] for row in rows], 0.4, color=colour
        )
        right.bar_label(bars, fmt="%.1f", fontsize=8)
    right.set_xticks(np.arange(3), rows)
    right.set_ylabel("ms a frame of 640 x 480, one thread")
    save_figure(figure, path)


def write_videos(folder: Path, motions: list[str], marked: bool) -> None:
    """Writes each motion of the astronaut as `NAME.avi`."""
    person = astronaut()
    folder.mkdir(parents=True, exist_ok=True)
    for name in motions:
        path = folder / f"{name}.avi"
        write(noisy(MOTIONS[name](person, person.other())), path, marked=marked)
        print(path)


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.tracking", description=__doc__)
    parser.add_argument("motions", nargs="*", help=f"of {', '.join(MOTIONS)}; all by default")
    add_model(parser)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--data", type=Path, help="folder in the layout of 300-W")
    parser.add_argument("--split", type=Path, help="its split file (default: splits/val.txt)")
    parser.add_argument("--faces", type=int, default=10, help="how many faces of it")
    parser.add_argument(
        "--rates", type=int, nargs="+", default=[FPS], metavar="N", help="frames a second"
    )
    parser.add_argument("--repeats", type=int, default=5, help="pans of 120 frames that are timed")
    parser.add_argument("--times-only", action="store_true")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the figures here")
    parser.add_argument("--plot", type=Path, metavar="FILE.png", help="draw them")
    parser.add_argument("--write", type=Path, metavar="FOLDER", help="write the videos and end")
    parser.add_argument("--marked", action="store_true", help="with their true landmarks")
    options = parser.parse_args()
    unknown = set(options.motions) - set(MOTIONS)
    if unknown:
        parser.error(f"unknown motion {', '.join(sorted(unknown))}; there are {', '.join(MOTIONS)}")
    if options.write:
        write_videos(options.write, options.motions or list(MOTIONS), options.marked)
        return
    wrong = [rate for rate in options.rates if rate < 1 or FPS % rate]
    if wrong:
        parser.error(f"rates divide {FPS}, not {wrong[0]}")
    header = results.header("tracking")
    detector = detector_of(options, "video", options.threads)
    persons = people(options.data, options.split, options.faces)
    print(f"{results.machine_line(header)}; {options.threads} thread(s)")
    times = {}
    for width in dict.fromkeys((options.width, index.default("photo", options.weights).width)):
        timed = Detector(width, weights=options.weights, threads=options.threads)
        times[width] = methods = frame_times(persons[0], timed, options.repeats)
        for method, label in (("detect", "detecting every frame"), ("track", "tracking")):
            row = ", ".join(f"{key} {value:.2f}" for key, value in methods[method].items())
            print(f"width {width}, {label}: {row} ms a frame")
        rate = methods["detect"]["median"] / methods["track"]["median"]
        print(f"width {width}: tracking is {rate:.1f} times as fast")
    report: dict[str, Any] = {}
    slow: dict[str, Any] = {}  # the same at other rates
    for rate in [] if options.times_only else options.rates:
        figures = measure(persons, options.motions or list(MOTIONS), detector, rate)
        print(f"--- {rate} frames a second")
        print_report(figures)
        if rate == options.rates[0]:
            report = figures
        else:
            slow[str(rate)] = figures
    if options.json:
        whole = {"width": options.width, "threads": options.threads, "persons": len(persons)}
        split = None if options.data is None else options.split.stem if options.split else "val"
        whole |= {"data": options.data is not None, "split": split}
        whole |= {"times": times, "rate": options.rates[0], "motions": report, "rates": slow}
        results.write(options.json, header, whole)
    if options.plot:
        plot(report, times[options.width], options.plot)


if __name__ == "__main__":
    as_program(main)
