"""Tracking measured on videos with known motion: `python -m benchmarks.tracking`.

Each motion of `benchmarks.motion` is shown at 30 frames a second, in real time, to a `Tracker` of
each smoothing and to a `Detector` that searches every frame. Errors are mean distances to the true
landmarks in percent of the distance of the outer eye corners, over the frames in which the face is
neither covered nor outside and every one of them has found it. Then a pan of one face is given as
fast as it is taken, for the times.

The photo is that of the examples, whose true landmarks are those of `benchmarks.scene.astronaut`;
`--data` takes photos and annotations of a folder in the layout of 300-W instead, those in which
one face is found.
"""

import argparse
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks import machine, results
from benchmarks.motion import FPS, MOTIONS, Frame, noisy
from benchmarks.scene import Person, astronaut
from lapland import Detector, Faces, Tracker
from lapland._models import DEFAULT_WIDTH, VIDEO_WIDTH

SMOOTHINGS = ("off", "light", "strong")
WAYS = ("detect", *SMOOTHINGS)
_HERE = 0.5  # of the distance of the eye corners: a result further off is of no face


class Log:
    """What one way of finding faces made of one motion, frame by frame."""

    def __init__(self) -> None:
        # Percent, of each visible face that was found, by the number of the frame and its name.
        self.errors: dict[tuple[int, str], float] = {}
        self._frame = 0
        self.missed = 0  # visible faces without landmarks
        self.false = 0  # landmarks without a face
        self.switches = 0  # times that somebody got another identity
        self.waits: list[int] = []  # frames until a face that became visible was found
        self.found: list[NDArray[np.float64]] = []  # landmarks where there is one face, NaN if not
        self.true: list[NDArray[np.float64]] = []
        self._ids: dict[str, int] = {}
        self._waiting: dict[str, int] = {}

    def add(self, frame: Frame, faces: Faces) -> None:
        """Compares the faces of a frame with the true ones."""
        self._frame += 1
        free = list(range(len(faces)))
        # Visible faces choose first: what stands before a hidden one is not it.
        for name, truth in sorted(frame.faces.items(), key=lambda item: item[1].hidden):
            size = np.linalg.norm(truth.landmarks[45] - truth.landmarks[36])
            centre = truth.landmarks.mean(axis=0)
            offsets = [np.linalg.norm(faces.landmarks[i].mean(axis=0) - centre) for i in free]
            hit = (
                free.pop(int(np.argmin(offsets)))
                if offsets and min(offsets) < size * _HERE
                else None
            )
            if truth.hidden:  # whoever stands before it may be taken for it, or it may be guessed
                self._waiting[name] = 0
                continue
            waited = self._waiting.setdefault(name, 0)
            if hit is None:
                self.missed += 1
                self._waiting[name] = waited + 1 if waited >= 0 else -1
                continue
            if waited >= 0:
                self.waits.append(waited)
                self._waiting[name] = -1
            distances = np.linalg.norm(faces.landmarks[hit] - truth.landmarks, axis=1)
            self.errors[self._frame, name] = float(100 * distances.mean() / size)
            if faces.ids is not None:
                who = int(faces.ids[hit])
                self.switches += self._ids.setdefault(name, who) != who
                self._ids[name] = who
        for name in self._waiting:
            if name not in frame.faces:
                self._waiting[name] = 0
        # One result for a hidden face is no false face; what lies nowhere near any is.
        hidden = [t.landmarks.mean(axis=0) for t in frame.faces.values() if t.hidden]
        for i in free:
            at = faces.landmarks[i].mean(axis=0)
            self.false += not any(np.linalg.norm(at - h) < 100 for h in hidden)
        if len(frame.faces) == 1:
            truth = next(iter(frame.faces.values()))
            self.true.append(truth.landmarks)
            nothing = np.full_like(truth.landmarks, np.nan)
            self.found.append(faces.landmarks[0].astype(np.float64) if len(faces) == 1 else nothing)


def jitter(log: Log) -> float:
    """Mean distance of a landmark of a still face from its place one frame before, percent."""
    found, true = np.stack(log.found), np.stack(log.true)
    size = np.linalg.norm(true[:, 45] - true[:, 36], axis=1).mean()
    return float(100 * np.nanmean(np.linalg.norm(np.diff(found, axis=0), axis=2)) / size)


def lag(log: Log, landmarks: slice | list[int] = slice(None)) -> float:
    """Frames by which landmarks follow the truth: the delay of it that fits them best."""
    found, true = (np.stack(p)[:, landmarks].mean(axis=1) for p in (log.found, log.true))
    frames = np.arange(len(true), dtype=float)
    known = ~np.isnan(found).any(axis=1)
    known[:10] = False  # the start, where the delayed truth is not known
    delays = np.arange(-1, 6, 0.02)
    misfits = []
    for delay in delays:
        late = np.stack([np.interp(frames - delay, frames, axis) for axis in true.T], axis=1)
        misfits.append((found - late)[known].std(axis=0).sum())
    return float(delays[int(np.argmin(misfits))])


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


def summary(logs: list[dict[str, Log]], way: str) -> dict[str, float]:
    """Figures of one way of finding faces over several videos, each seen in every way.

    Errors are those of the faces that every way has found: a way that gives up where it is hard
    would look better otherwise.
    """
    errors = [
        log[way].errors[key]
        for log in logs
        for key in log[way].errors
        if all(key in other.errors for other in log.values())
    ]
    mine = [log[way] for log in logs]
    waits = [wait for log in mine for wait in log.waits]
    return {
        "error": float(np.mean(errors)) if errors else float("nan"),
        "error_p95": float(np.percentile(errors, 95)) if errors else float("nan"),
        "missed": sum(log.missed for log in mine),
        "false": sum(log.false for log in mine),
        "switches": sum(log.switches for log in mine),
        "wait": float(np.mean(waits)) if waits else float("nan"),
        "wait_worst": max(waits, default=0),
    }


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

    from training.pts import read_pts

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
            for way, figures in report[name].items():
                if name == "still":
                    figures["jitter"] = float(np.mean([jitter(log[way]) for log in logs]))
                if name == "pan":
                    figures["lag"] = float(np.mean([lag(log[way]) for log in logs]))
                if name == "expression":
                    lips = [lag(log[way], [56, 57, 58, 65, 66, 67]) for log in logs]
                    figures["lag"] = float(np.mean(lips))
    return report


def print_report(report: dict[str, Any]) -> None:
    """The figures as tables."""
    print(f"{'error, % of the eye corners':<28}" + "".join(f"{way:>9}" for way in WAYS))
    for name, ways in report.items():
        print(f"  {name:<26}" + "".join(f"{ways[way]['error']:>9.2f}" for way in WAYS))
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

    from training.pictures import save_figure

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
        whole |= {"data": options.data is not None, "times": times, "motions": report}
        results.write(options.json, header, whole)
    if options.plot:
        plot(report, times[options.width], options.plot)


if __name__ == "__main__":
    main()
