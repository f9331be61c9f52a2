"""Times of `predict` as a program meets them: `python -m benchmarks.predict [PHOTO]`.

Measured in fresh interpreters: `import lapland`, `Detector()`, the first `predict` and the later
ones, each on one thread unless --threads says otherwise. Medians over --starts interpreters, and
over --repeats calls within each for the later ones. The photo is decoded before the clock starts.
"""

import argparse
import json
import statistics
import subprocess
import sys
from pathlib import Path

from benchmarks.common import machine, results
from lapland.networks import index

STEPS = ("import", "load", "first", "later", "later_p95")

PROGRAM = """
import json, sys, time
photo, width, threads, repeats, min_face = json.loads(sys.argv[1])
clock = time.perf_counter_ns
a = clock()
import lapland
b = clock()
detector = lapland.Detector(width, threads=threads, min_face=min_face)
c = clock()
import cv2
image = cv2.imread(photo)
d = clock()
faces = detector.predict(image)
e = clock()
later = []
for _ in range(repeats):
    start = clock()
    detector.predict(image)
    later.append(clock() - start)
later.sort()
times = {"import": b - a, "load": c - b, "first": e - d, "later": later[len(later) // 2]}
times["later_p95"] = later[int(len(later) * 0.95)]
result = {name: value / 1e6 for name, value in times.items()}
result["faces"] = len(faces)
try:
    import resource
except ImportError:  # Windows
    pass
else:
    unit = 2**20 if sys.platform == "darwin" else 2**10  # macOS counts bytes, Linux kilobytes
    result["peak_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit
print(json.dumps(result))
"""


def measure(
    photo: Path, width: str, threads: int, min_face: int, starts: int, repeats: int
) -> dict[str, float]:
    """Medians over fresh interpreters: milliseconds a step, faces found, peak memory in MB."""
    given = json.dumps([str(photo), width, threads, repeats, min_face])
    runs = []
    for _ in range(starts):
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM, given], stdout=subprocess.PIPE, text=True, check=False
        )
        if done.returncode:  # it has said why
            raise SystemExit(f"benchmarks.predict: {photo} could not be measured")
        runs.append(json.loads(done.stdout))
    return {name: statistics.median(run[name] for run in runs) for name in runs[0]}


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.predict", description=__doc__)
    parser.add_argument("photo", type=Path, nargs="?", default=machine.PHOTO)
    parser.add_argument("--width", default=index.default("photo").width)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--min-face", type=int, default=40)
    parser.add_argument("--starts", type=int, default=5, help="fresh interpreters")
    parser.add_argument("--repeats", type=int, default=100, help="later calls in each")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the figures here")
    options = parser.parse_args()
    header = results.header("predict")
    figures = measure(
        options.photo,
        options.width,
        options.threads,
        options.min_face,
        options.starts,
        options.repeats,
    )
    print(f"{results.machine_line(header)}; {options.threads} thread(s)")
    print(
        f"{options.photo.name}, {figures['faces']:.0f} face(s), width {options.width}, "
        f"min_face {options.min_face}; medians of {options.starts} starts"
    )
    for name in STEPS:
        print(f"  {name:<10}{figures[name]:>9.2f} ms")
    if "peak_mb" in figures:
        print(f"  {'peak':<10}{figures['peak_mb']:>9.0f} MB resident")
    if options.json:
        setting = {k: v for k, v in vars(options).items() if k not in ("json", "photo")}
        setting["photo"] = options.photo.name
        results.write(options.json, header, {"settings": setting, "figures": figures})


if __name__ == "__main__":
    main()
