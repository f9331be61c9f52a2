"""Whether `lapland` stays as fast and as small as it starts: `python -m benchmarks.soak`.

Calls it --calls times, in rounds of the same mix: small photos and a large one; no face, one, nine;
as array, grey, with alpha, bytes and path; with boxes and five points of one's own; frames of
trackers. Every fifth round has a new `Detector` and new trackers, one of two threads in passing.
Between them comes `disturb`: a photo of 1 to 50 megapixels, a video of changing size, and ten
detectors that come and go.

The slopes of memory and of processor time over the calls are fitted, without the first tenth,
each with an interval of 95 % confidence; threads and open files are counted before and
after. Exit status 1 if something grows.
"""

import argparse
import gc
import os
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from benchmarks.common import machine, results
from lapland import Detector, Faces, Tracker
from lapland.networks import index

MIX = 100  # calls in one mix
_BLOCK = 5  # rounds that a block of the bootstrap holds, the life of one detector
_DRAWS = 4000
_SIZES, _DETECTORS = (1.0, 0.5, 2.5, 0.7), 10  # of the frames, in those of the photo
_NEGLIGIBLE = {"resident_mb": 0.1, "ms": 0.01}  # of a slope, per 10,000 calls

Call = Callable[[], Faces]


class Mix:
    """A hundred calls of all kinds with a detector and its trackers.

    Args:
        width: width of the network.
    """

    def __init__(self, width: str) -> None:
        photo = machine.read_photo(machine.PHOTO, "benchmarks.soak")
        face = photo[30:230, 120:320]
        self._detector = Detector(width, threads=1)
        self._one = {side: cv2.resize(face, (side, side)) for side in (80, 120, 160)}
        self._many = np.tile(self._one[80], (3, 3, 1))
        self._none = np.full((120, 160, 3), 90, np.uint8)
        self._large = cv2.resize(photo, (480, 480))
        self._jpeg = cv2.imencode(".jpg", self._one[120])[1].tobytes()
        self._trackers = [Tracker(self._detector, background=b) for b in (False, True)]

    def calls(self) -> list[Call]:
        """The calls, always the same and in the same order."""
        predict, one = self._detector.predict, self._one
        known = predict(one[160])
        boxes, five = known.boxes, known.five_points
        kinds: list[tuple[int, Call]] = [
            (15, lambda: predict(one[80])),
            (5, lambda: predict(one[120])),
            (3, lambda: predict(one[160])),
            (27, lambda: predict(self._none)),
            (1, lambda: predict(self._many)),
            (1, lambda: predict(self._large)),
            (3, lambda: predict(one[120][..., 1])),
            (3, lambda: predict(np.dstack([one[80], one[80][..., :1]]))),
            (5, lambda: predict(self._jpeg)),
            (1, lambda: predict(machine.PHOTO)),
            (10, lambda: predict(one[160], boxes=boxes)),
            (5, lambda: predict(one[160], five_points=np.repeat(five, 2, axis=0))),
        ]
        calls = [call for count, call in kinds for _ in range(count)]
        frames = [np.roll(one[160], shift, axis=1) for shift in (0, 2, 4, 2, 0, -2)]
        for i in range(MIX - len(calls)):
            update, frame = self._trackers[i % 2].update, frames[i % len(frames)]
            calls.append(lambda update=update, frame=frame: update(frame))  # type: ignore[misc]
        return calls

    def close(self) -> None:
        """Ends the threads of the trackers."""
        for tracker in self._trackers:
            tracker.close()


def soak(width: str, calls: int, rounds: int, megapixels: Sequence[int]) -> dict[str, Any]:
    """Runs the calls; returns quantities in lists over the rounds, and open threads and files."""
    mixes = max(1, calls // (rounds * MIX))
    record: dict[str, Any] = {"calls": [], "resident_mb": [], "ms": []}
    done = faces = 0
    for number in tqdm(range(rounds), unit="round", mininterval=10):
        if number % _BLOCK == 0:
            mix = Mix(width)
            every = mix.calls()
        start = time.process_time()
        for _ in range(mixes):
            faces += sum(len(call()) for call in every)
        spent = time.process_time() - start
        done += mixes * MIX
        if number % _BLOCK == _BLOCK - 1:
            mix.close()
            del mix, every
            Detector(width, threads=2).predict(machine.PHOTO)
            faces += disturb(width, megapixels[number // _BLOCK % len(megapixels)])
            gc.collect()
        record["calls"].append(done)
        record["ms"].append(1000 * spent / (mixes * MIX))
        record["resident_mb"].append(machine.resident_mb())
        if number in (_BLOCK - 1, rounds - 1):  # a detector is gone, and nothing runs
            record["open_first" if number < rounds - 1 else "open_last"] = open_now()
    return {**record, "faces": faces}


def disturb(width: str, megapixels: int) -> int:
    """Takes much memory for a moment; returns the number of faces.

    Args:
        width: width of the networks.
        megapixels: size of a photo.
    """
    photo = machine.read_photo(machine.PHOTO, "benchmarks.soak")
    side = round(1000 * megapixels**0.5)
    detector = Detector(width, threads=1)
    faces = len(detector.predict(cv2.resize(photo, (side, side))))  # type: ignore[arg-type]
    with Tracker(detector) as tracker:
        for share in _SIZES:
            frame = cv2.resize(photo, None, fx=share, fy=share)
            for shift in range(3):
                faces += len(tracker.update(np.roll(frame, shift, axis=1)))
    faces += sum(len(Detector(width, threads=1).predict(photo)) for _ in range(_DETECTORS))
    return faces


def open_now() -> dict[str, int]:
    """Number of threads and of open files of this process; empty if the system has no figures."""
    names = {"threads": "/proc/self/task", "files": "/proc/self/fd"}
    return {name: len(os.listdir(path)) for name, path in names.items() if Path(path).is_dir()}


def slope(calls: list[int], values: list[float]) -> dict[str, float]:
    """How much a quantity grows in 10,000 calls: least squares, and a bootstrap of blocks.

    Blocks of neighbouring rounds are drawn, since a round inherits memory from the round before.
    """
    x, y = np.array(calls) / 10_000, np.array(values)
    per, level = np.polyfit(x, y, 1)
    fitted = level + per * x
    rng = np.random.default_rng(0)
    width = min(_BLOCK, len(x))
    starts = rng.integers(0, len(x) - width + 1, (_DRAWS, -(-len(x) // width)))
    rows = (starts[..., None] + np.arange(width)).reshape(_DRAWS, -1)[:, : len(x)]
    noise: NDArray[np.float64] = (y - fitted)[rows]
    centred = x - x.mean()
    draws = per + noise @ centred / (centred**2).sum()
    low, high = np.percentile(draws, [2.5, 97.5])
    return {"per_10000": float(per), "low": float(low), "high": float(high)}


def verdict(record: dict[str, Any]) -> dict[str, Any]:
    """Slopes after the warm-up; level if no growth exceeds both noise and a small limit."""
    warm = max(_BLOCK, len(record["calls"]) // 10)
    found: dict[str, Any] = {"warm_up_calls": record["calls"][warm - 1]}
    level = record["open_first"] == record["open_last"]
    for name, small in _NEGLIGIBLE.items():
        found[name] = slope(record["calls"][warm:], record[name][warm:])
        level &= found[name]["low"] <= 0 or found[name]["high"] < small
    return {**found, "level": bool(level)}


def draw(cpu: str, record: dict[str, Any], path: Path) -> None:
    """Memory and time over the calls, with the fitted lines."""
    from matplotlib import pyplot as plt

    from training.common.figures import save_figure

    figure, axes = plt.subplots(2, 1, figsize=(8, 5), sharex=True, layout="constrained")
    warm = record["slopes"]["warm_up_calls"]
    for axis, name, label in zip(
        axes, ("resident_mb", "ms"), ("resident, MB", "processor time a call, ms"), strict=True
    ):
        axis.plot(record["calls"], record[name], ".", markersize=4)
        kept = [(c, v) for c, v in zip(record["calls"], record[name], strict=True) if c > warm]
        x, y = np.array(kept).T
        s = record["slopes"][name]
        axis.plot(
            x,
            y.mean() + s["per_10000"] * (x - x.mean()) / 10_000,
            label=f"{s['per_10000']:+.4f} [{s['low']:+.4f}, {s['high']:+.4f}] in 10,000 calls",
        )
        axis.set(ylabel=label, ylim=(0, 1.2 * max(record[name])))
        axis.axvline(warm, color="gray", linewidth=0.8)
        axis.grid(alpha=0.3)
        axis.legend(loc="lower right")
    axes[1].set_xlabel("calls")
    axes[0].set_title(f"{cpu}, width {record['width']}", fontsize=9)
    save_figure(figure, path)


def main(arguments: list[str] | None = None) -> int:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.soak",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--width", default=index.default("video").width)
    parser.add_argument("--calls", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=100, help="of equal calls (default: 100)")
    parser.add_argument(
        "--megapixels",
        type=int,
        nargs="+",
        default=[1, 6, 12, 25, 50],
        help="of the large photos, in turn (default: 1 6 12 25 50)",
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the figures here")
    parser.add_argument("--plot", type=Path, metavar="FILE.png")
    options = parser.parse_args(arguments)
    if options.rounds < 4 * _BLOCK or options.calls < options.rounds * MIX:
        raise SystemExit(
            f"benchmarks.soak: expected {4 * _BLOCK} rounds or more of at least {MIX} calls each, "
            f"not {options.rounds} rounds of {options.calls} calls in all"
        )
    cv2.setNumThreads(1)
    header = results.header("soak")
    print(f"{results.machine_line(header)}; width {options.width}", flush=True)
    record = {
        "width": options.width,
        **soak(
            options.width,
            options.calls,
            options.rounds - options.rounds % _BLOCK,
            options.megapixels,
        ),
    }
    record["slopes"] = verdict(record)
    for name, unit in (("resident_mb", "MB"), ("ms", "ms")):
        s = record["slopes"][name]
        print(
            f"{name}: {np.median(record[name]):.2f}; in 10,000 calls {s['per_10000']:+.4f} {unit}, "
            f"95 % between {s['low']:+.4f} and {s['high']:+.4f}"
        )
    print(f"left open: {record['open_first']} at first, {record['open_last']} at last")
    print(f"{record['calls'][-1]} calls, {'level' if record['slopes']['level'] else 'NOT level'}")
    if options.json:
        results.write(options.json, header, record)
    if options.plot:
        draw(header["cpu"], record, options.plot)
    return 0 if record["slopes"]["level"] else 1


if __name__ == "__main__":
    sys.exit(main())
