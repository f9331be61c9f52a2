"""Tracking measured on videos with known motion: `python -m benchmarks.tracking`.

Each motion of `benchmarks.motion` is shown at 30 frames a second, in real time, to a `Tracker` of
each smoothing and to a `Detector` that searches every frame. Errors are mean distances to the true
landmarks in percent of the distance of the outer eye corners, over the frames in which the face is
neither covered nor outside and every one of them has found it; frames that one of them has missed
are counted apart. Where there are several faces, the difference of tracking and detecting has an
interval of 95 %, of a bootstrap over faces: tracking is less accurate where all of it is above 0.
Then a pan of one face is given as fast as it is taken, for the times.

The photo is that of the examples; `benchmarks.videos.scene.astronaut` has its true landmarks;
`--data` takes photos and annotations of a folder in the layout of 300-W instead, `--faces` of those
in which one face is found: some 5 seconds for each face and motion.
"""

import argparse
import math
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.common import machine, results
from benchmarks.videos.errors import PROBABILITIES, Log, difference, jitter, lag, summary
from benchmarks.videos.motions import FPS, MOTIONS, noisy
from benchmarks.videos.scene import Person, astronaut
from lapland import Detector, Tracker
from lapland.networks.index import DEFAULT_WIDTH, VIDEO_WIDTH

SMOOTHINGS = ("off", "light", "strong")
WAYS = ("detect", *SMOOTHINGS)


def run_motion(name: str, person: Person, other: Person, detector: Detector) -> dict[str, Log]:
    """Shows one motion in real time to every way of finding faces."""
    logs = {way: Log() for way in WAYS}
    trackers = {way: Tracker(detector, smoothing=way) for way in SMOOTHINGS}
    shown = time.perf_counter()
    for number, frame in enumerate(noisy(MOTIONS[name](person, other))):
        for way, tracker in trackers.items():
            logs[way].add(frame, tracker.update(frame.image, number / FPS))
        logs["detect"].add(frame, detector.predict(frame.image))
        shown = max(shown + 1 / FPS, time.perf_counter())
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

    They take turns, pan by pan, so that what disturbs the processor for a while disturbs both.
    """
    frames = [f.image for f in noisy(MOTIONS["pan"](person, person))]
    taken: dict[str, list[float]] = {"track": [], "detect": []}
    with Tracker(detector) as tracker:
        for _ in range(repeats):
            for way, work in (("track", tracker.update), ("detect", detector.predict)):
                taken[way] += times_of(work, frames)
    return {
        way: machine.summary(values) | {"worst": max(values), "mean": float(np.mean(values))}
        for way, values in taken.items()
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
        # Whoever else is in a photo has no annotation; and who is not found has nothing to follow.
        if len(detector.predict(image)) == 1 and len(persons) < count:
            persons.append(Person(name, image, read_pts(data / f"{name}.pts")))
    return persons


def measure(persons: list[Person], motions: list[str], detector: Detector) -> dict[str, Any]:
    """Every figure of every motion, and the videos' logs summed up."""
    from tqdm import tqdm

    report: dict[str, Any] = {}
    with tqdm(total=len(motions) * len(persons), unit="video", mininterval=2.0) as bar:
        for name in motions:
            logs = []
            for i, person in enumerate(persons):
                bar.set_description(name)
                other = persons[i - 1] if len(persons) > 1 else person.other()
                logs.append(run_motion(name, person, other, detector))
                bar.update()
            report[name] = {way: summary(logs, way) for way in WAYS}
            for way in SMOOTHINGS:
                report[name][way] |= difference(logs, way, "detect")
            for way, figures in report[name].items():
                if name == "still":
                    seen = [j for log in logs if not math.isnan(j := jitter(log[way]))]
                    figures["jitter"] = float(np.mean(seen)) if seen else math.nan
                if name == "pan":
                    figures["lag"] = float(np.mean([lag(log[way]) for log in logs]))
                if name == "expression":
                    lips = [lag(log[way], [56, 57, 58, 65, 66, 67]) for log in logs]
                    figures["lag"] = float(np.mean(lips))
    return report


def print_report(report: dict[str, Any]) -> None:
    """The figures as tables."""
    print("errors and radii: of the frames in which every way has found the face")
    print(f"{'error, % of the eye corners':<28}" + "".join(f"{way:>9}" for way in WAYS))
    for name, ways in report.items():
        print(f"  {name:<26}" + "".join(f"{ways[way]['error']:>9.2f}" for way in WAYS))
    if not any(math.isnan(ways[SMOOTHINGS[0]]["low"]) for ways in report.values()):
        print("tracking - detecting, points, and 95 % of it by bootstrap over faces")
        print(" " * 14 + "".join(f"{way:>24}" for way in SMOOTHINGS))
        for name, ways in report.items():
            gaps = [ways[way] for way in SMOOTHINGS]
            cells = [f"{g['difference']:+.2f} ({g['low']:+.2f} to {g['high']:+.2f})" for g in gaps]
            print(f"  {name:<12}" + "".join(f"{cell:>24}" for cell in cells))
    for p in PROBABILITIES:
        print(f"landmarks within radius({p}), %")
        for name, ways in report.items():
            shares = (100 * ways[way][f"within_{100 * p:.0f}"] for way in WAYS)
            print(f"  {name:<26}" + "".join(f"{share:>9.1f}" for share in shares))
    for key, title in (
        ("missed", "frames without a visible face"),
        ("false", "landmarks without a face"),
        ("switches", "changes of identity"),
        ("wait_worst", "frames until found, worst"),
    ):
        print(f"{title}")
        for name, ways in report.items():
            if any(ways[way][key] for way in WAYS):
                print(f"  {name:<26}" + "".join(f"{ways[way][key]:>9.0f}" for way in WAYS))
    for name, key, title in (
        ("still", "jitter", "jitter of a still face, %"),
        ("pan", "lag", "lag in a pan, frames"),
        ("expression", "lag", "lag of the lips, frames"),
    ):
        if name in report:
            row = "".join(f"{report[name][way][key]:>9.2f}" for way in WAYS)
            print(f"{title:<28}{row}")


def plot(report: dict[str, Any], times: dict[str, Any], path: Path) -> None:
    """Errors of each motion and times of a frame, as bars."""
    from matplotlib import pyplot as plt

    from training.common.figures import save_figure

    figure, (left, right) = plt.subplots(
        1, 2, figsize=(11, 4), layout="constrained", width_ratios=(3, 1)
    )
    names = list(report)
    for i, way in enumerate(WAYS):
        label = "detecting every frame" if way == "detect" else f"tracking, smoothing {way}"
        values = [report[name][way]["error"] for name in names]
        left.bar(np.arange(len(names)) + (i - 1.5) * 0.2, values, 0.2, label=label)
    left.set_xticks(np.arange(len(names)), names, rotation=30, ha="right")
    left.set_ylabel("mean error, % of the eye corners")
    left.legend(frameon=False)
    rows = ["median", "p95", "worst"]
    for i, (way, colour) in enumerate((("detect", "tab:blue"), ("track", "tab:green"))):
        bars = right.bar(
            np.arange(3) + (i - 0.5) * 0.4, [times[way][row] for row in rows], 0.4, color=colour
        )
        right.bar_label(bars, fmt="%.1f", fontsize=8)
    right.set_xticks(np.arange(3), rows)
    right.set_ylabel("ms a frame of 640 x 480, one thread")
    save_figure(figure, path)


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.tracking", description=__doc__)
    parser.add_argument("motions", nargs="*", help=f"of {', '.join(MOTIONS)}; all by default")
    parser.add_argument("--width", default=VIDEO_WIDTH)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--data", type=Path, help="folder in the layout of 300-W")
    parser.add_argument("--split", type=Path, help="its split file (default: splits/val.txt)")
    parser.add_argument("--faces", type=int, default=10, help="how many faces of it")
    parser.add_argument("--repeats", type=int, default=5, help="pans of 120 frames that are timed")
    parser.add_argument("--times-only", action="store_true")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the figures here")
    parser.add_argument("--plot", type=Path, metavar="FILE.png", help="draw them")
    options = parser.parse_args()
    unknown = set(options.motions) - set(MOTIONS)
    if unknown:
        parser.error(f"unknown motion {', '.join(sorted(unknown))}; there are {', '.join(MOTIONS)}")
    header = results.header("tracking")
    detector = Detector(options.width, threads=options.threads)
    persons = people(options.data, options.split, options.faces)
    print(f"{results.said(header)}; {options.threads} thread(s)")
    times = {}
    for width in dict.fromkeys((options.width, DEFAULT_WIDTH)):
        timed = Detector(width, threads=options.threads)
        times[width] = ways = frame_times(persons[0], timed, options.repeats)
        for way, label in (("detect", "detecting every frame"), ("track", "tracking")):
            row = ", ".join(f"{key} {value:.2f}" for key, value in ways[way].items())
            print(f"width {width}, {label}: {row} ms a frame")
        rate = ways["detect"]["median"] / ways["track"]["median"]
        print(f"width {width}: tracking is {rate:.1f} times as fast")
    report = {}
    if not options.times_only:
        report = measure(persons, options.motions or list(MOTIONS), detector)
        print_report(report)
    if options.json:
        whole = {"width": options.width, "threads": options.threads, "persons": len(persons)}
        split = None if options.data is None else options.split.stem if options.split else "val"
        whole |= {"data": options.data is not None, "split": split}
        whole |= {"times": times, "motions": report}
        results.write(options.json, header, whole)
    if options.plot:
        plot(report, times[options.width], options.plot)


if __name__ == "__main__":
    main()
