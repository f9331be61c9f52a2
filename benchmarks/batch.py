"""Photos a second by number of processes: `python -m benchmarks.batch --data FOLDER`.

Runs `lapland predict` on photos of a folder as a user does, from its start to its end, into a new
file of JSON Lines, with one thread a process. Reading and decoding the files is within the time; a
run before the clock starts brings the files into the system's cache. Medians over --repeats.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.common import machine, results
from lapland.networks import index
from training.common.command import as_program


def measure(photos: list[Path], jobs: int, width: str) -> float:
    """Seconds from the start of the command to its end."""
    with tempfile.TemporaryDirectory() as folder:
        lines = Path(folder) / "landmarks.jsonl"
        command = [sys.executable, "-m", "lapland", "predict", *map(str, photos)]
        options = ["-o", str(lines), "--jobs", str(jobs), "--threads", "1", "--width", width]
        started = time.perf_counter()
        subprocess.run([*command, *options], stdout=subprocess.DEVNULL, check=True)
        seconds = time.perf_counter() - started
        with lines.open() as rows:
            if sum("faces" in json.loads(row) for row in rows) != len(photos):
                raise SystemExit(f"benchmarks.batch: {lines} lacks photos")
    return seconds


def peak_mb() -> float | None:
    """Resident memory of the largest process that was measured."""
    try:
        import resource
    except ImportError:  # Windows
        return None
    unit = 2**20 if sys.platform == "darwin" else 2**10  # macOS counts bytes, Linux kilobytes
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / unit


def chosen(folder: Path, count: int) -> list[Path]:
    """So many photos, evenly spread over all of a folder."""
    found = sorted(p for p in folder.rglob("*") if p.suffix.lower() in (".jpg", ".jpeg", ".png"))
    if not found:
        raise SystemExit(f"benchmarks.batch: {folder} holds no .jpg, .jpeg or .png")
    count = min(count, len(found))
    return [found[i * len(found) // count] for i in range(count)]


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.batch", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, metavar="FOLDER", help="photos")
    parser.add_argument("--photos", type=int, default=600, metavar="N", help="how many of them")
    parser.add_argument("--jobs", type=int, nargs="+", default=[1, 2], metavar="N")
    parser.add_argument("--width", default=index.default("photo").width)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the figures here")
    options = parser.parse_args()
    header = results.header("batch")
    photos = chosen(options.data, options.photos)
    for photo in photos:
        photo.read_bytes()
    middle = machine.read_photo(photos[len(photos) // 2], "benchmarks.batch")
    pixels = [middle.shape[1], middle.shape[0]]
    seconds: dict[int, list[float]] = {jobs: [] for jobs in options.jobs}
    for _ in range(options.repeats):  # in turns, so that a busy minute of the machine hits all
        for jobs, times in seconds.items():
            times.append(measure(photos, jobs, options.width))
    print(results.machine_line(header))
    print(f"{len(photos)} photos of some {pixels[0]} x {pixels[1]} pixels, width {options.width}")
    rates = {jobs: len(photos) / statistics.median(times) for jobs, times in seconds.items()}
    for jobs, rate in rates.items():
        spread = ", ".join(f"{time:.2f}" for time in seconds[jobs])
        print(f"  --jobs {jobs:<4}{rate:>8.1f} photos/s   ({spread} s)")
    peak = peak_mb()
    if peak:
        print(f"  largest process: {peak:.0f} MB resident")
    if options.json:
        figures = {
            "photos": len(photos),
            "pixels": pixels,
            "width": options.width,
            "seconds": seconds,
            "photos_per_second": rates,
            "peak_mb": peak,
        }
        results.write(options.json, header, figures)


if __name__ == "__main__":
    as_program(main)
