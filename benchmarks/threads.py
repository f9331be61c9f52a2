"""Speed of several threads: `python -m benchmarks.threads [PHOTO]`.

Photos a second of one thread alone, of --workers threads that share one `Detector`, of as many with
a `Detector` each, and of as many processes. Every call runs on one thread (`Detector(threads=1)`),
so each worker can have a core to itself. Processes have nothing in common but the machine, so they
show how much its cores give together, which is often less than their number times one. The
settings take turns; the figures are medians over --rounds.
"""

import argparse
import multiprocessing
import threading
import time
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.common import machine, results
from lapland import Detector
from lapland.networks import index
from training.common.command import as_program


def throughput(detectors: Sequence[Detector], image: NDArray[np.uint8], seconds: float) -> float:
    """Calls a second of one thread for each of the detectors together."""
    calls = [0] * len(detectors)
    start = threading.Barrier(len(detectors) + 1)
    stop = threading.Event()

    def work(index: int) -> None:
        start.wait()
        while not stop.is_set():
            detectors[index].predict(image)
            calls[index] += 1

    threads = [threading.Thread(target=work, args=(index,)) for index in range(len(detectors))]
    for thread in threads:
        thread.start()
    start.wait()
    begin = time.perf_counter()
    time.sleep(seconds)
    stop.set()
    for thread in threads:
        thread.join()
    return sum(calls) / (time.perf_counter() - begin)


def prepare(width: str) -> None:
    """Loads the detector of a process."""
    global _detector
    cv2.setNumThreads(1)
    _detector = Detector(width, threads=1)


def one_process(image: NDArray[np.uint8], seconds: float) -> float:
    """Calls a second of this process."""
    return throughput([_detector], image, seconds)


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.threads", description=__doc__)
    parser.add_argument("photo", type=Path, nargs="?", default=machine.PHOTO)
    parser.add_argument("--width", default=index.default("photo").width)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=2.0, help="of each measurement")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the figures here")
    options = parser.parse_args()
    header = results.header("threads")
    image = machine.read_photo(options.photo, "benchmarks.threads")
    cv2.setNumThreads(1)
    detectors = [Detector(options.width, threads=1) for _ in range(options.workers)]
    for detector in detectors:
        detector.predict(image)
    # Fresh interpreters: threads of onnxruntime and OpenCV do not survive a fork.
    fresh = multiprocessing.get_context("spawn")
    width = options.width
    settings = {
        "one thread": detectors[:1],
        f"{options.workers} threads, one Detector": detectors[:1] * options.workers,
        f"{options.workers} threads, a Detector each": detectors,
    }
    alone = f"{options.workers} processes"
    rates: dict[str, list[float]] = {name: [] for name in (*settings, alone)}
    with fresh.Pool(options.workers, prepare, (width,)) as pool:
        for _ in range(options.rounds):
            for name, chosen in settings.items():
                rates[name].append(throughput(chosen, image, options.seconds))
            jobs = [(image, options.seconds)] * options.workers
            rates[alone].append(sum(pool.starmap(one_process, jobs, chunksize=1)))
    print(f"{results.machine_line(header)}; {options.photo.name}")
    medians = {name: machine.summary(values)["median"] for name, values in rates.items()}
    for name, rate in medians.items():
        print(f"  {name:<28}{rate:>8.1f} photos/s{rate / medians['one thread']:>7.2f} times")
    if options.json:
        record = {"width": options.width, "photos_per_second": medians}
        results.write(options.json, header, record)


if __name__ == "__main__":
    as_program(main)
