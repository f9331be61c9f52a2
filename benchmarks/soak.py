"""Whether `predict` stays as fast and as small as it starts: `python -m benchmarks.soak [PHOTO]`.

Calls `predict` --calls times, prints the median time of every tenth part and of the first and last
thousand calls, and the memory that is resident after each part.
"""

import argparse
import time
from pathlib import Path

import cv2

from benchmarks import machine, results
from lapland import Detector
from lapland._models import DEFAULT_WIDTH


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.soak", description=__doc__)
    parser.add_argument("photo", type=Path, nargs="?", default=machine.PHOTO)
    parser.add_argument("--width", default=DEFAULT_WIDTH)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--calls", type=int, default=10_000)
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the figures here")
    options = parser.parse_args()
    header = results.header("soak")
    image = machine.read_photo(options.photo, "benchmarks.soak")
    cv2.setNumThreads(options.threads)
    detector = Detector(options.width, threads=options.threads)
    print(f"{results.said(header)}; {options.threads} thread(s)")
    print(f"{options.photo.name}, width {options.width}; resident {machine.resident_mb():.0f} MB")
    times: list[float] = []
    resident: list[float] = []
    part = max(1, options.calls // 10)
    while len(times) < options.calls:
        for _ in range(min(part, options.calls - len(times))):
            start = time.perf_counter_ns()
            detector.predict(image)
            times.append((time.perf_counter_ns() - start) / 1e6)
        resident.append(machine.resident_mb())
        median = machine.summary(times[-part:])["median"]
        print(f"  {len(times):>8} calls{median:>9.2f} ms{resident[-1]:>7.0f} MB", flush=True)
    some = min(1000, options.calls)
    first, last = machine.summary(times[:some]), machine.summary(times[-some:])
    print(
        f"first {some}: {first['median']:.2f} ms, last {some}: {last['median']:.2f} ms, "
        f"{last['median'] / first['median']:.3f} times; memory from the first part to the last: "
        f"{resident[-1] - resident[0]:+.1f} MB"
    )
    if options.json:
        record = {
            "width": options.width,
            "threads": options.threads,
            "calls": options.calls,
            "first": first,
            "last": last,
            "resident_mb": resident,
        }
        results.write(options.json, header, record)


if __name__ == "__main__":
    main()
