"""Shares of the time of `predict`: `python -m benchmarks.stages [PHOTO]`.

Times each stage of one thread inside the calls, as medians over --repeats calls, on the photo
scaled and cut to 640 x 480; then the whole on a photo of many faces, per face.
"""

import argparse
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.common import machine, results
from benchmarks.common.models import add_model, detector_of
from benchmarks.peers import photos
from lapland.detection import paired
from lapland.landmarks import network
from training.common.command import as_program


class Stopwatch:
    """Sums the time that is spent in chosen functions, call by call."""

    def __init__(self) -> None:
        self.calls: list[dict[str, float]] = []
        self._spent: dict[str, float] = defaultdict(float)

    def watch(self, owner: Any, name: str, label: str) -> None:
        """Replaces a function of a module or object by one that is timed."""
        function = getattr(owner, name)

        def timed(*args: Any, **keywords: Any) -> Any:
            start = time.perf_counter_ns()
            result = function(*args, **keywords)
            if hasattr(result, "__next__"):  # a generator works on demand
                result = list(result)
            self._spent[label] += (time.perf_counter_ns() - start) / 1e6
            return result

        setattr(owner, name, timed)

    def whole(self, function: Callable[[], Any]) -> None:
        """Calls a function and keeps its times."""
        self._spent.clear()
        start = time.perf_counter_ns()
        function()
        self._spent["whole"] = (time.perf_counter_ns() - start) / 1e6
        self.calls.append(dict(self._spent))

    def medians(self) -> dict[str, float]:
        """Milliseconds of each function in a call."""
        names = [name for name in self.calls[0] if name != "whole"] + ["whole"]
        return {name: float(np.median([c.get(name, 0) for c in self.calls])) for name in names}


def many_faces(image: NDArray[np.uint8], face: NDArray[np.float64]) -> NDArray[np.uint8]:
    """5 x 4 copies of one face, 128 x 120 pixels each."""
    side = 1.6 * float((face[2:] - face[:2]).max())
    left, top = (face[:2] + face[2:]) / 2 - side / 2
    matrix = np.array([[side / 128, 0, left], [0, side / 120, top]])
    tile = cv2.warpAffine(image, matrix, (128, 120), flags=cv2.INTER_AREA | cv2.WARP_INVERSE_MAP)
    return np.tile(tile, (4, 5, 1))


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.stages", description=__doc__)
    parser.add_argument("photo", type=Path, nargs="?", default=machine.PHOTO)
    add_model(parser)
    parser.add_argument("--repeats", type=int, default=200)
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the figures here")
    options = parser.parse_args()
    header = results.header("stages")
    photo = machine.read_photo(options.photo, "benchmarks.stages")
    machine.keep_to_one_core()
    cv2.setNumThreads(1)
    detector = detector_of(options, "photo", 1)
    first = detector.predict(photo)
    if not len(first):
        raise SystemExit(f"benchmarks.stages: {options.photo} shows no face")
    box = first.boxes[0].astype(np.float64)
    image = photos.window(photos.Photo(photo, box, None)).image
    crowd = many_faces(photo, first.boxes[0].astype(np.float64))

    plain, crowded = Stopwatch(), Stopwatch()
    for _ in range(options.repeats):  # in turns, before anything is watched
        plain.whole(lambda: detector.predict(image))
        crowded.whole(lambda: detector.predict(crowd))
    single, many = plain.medians()["whole"], crowded.medians()["whole"]
    alone, together = len(detector.predict(image)), len(detector.predict(crowd))

    watch = Stopwatch()
    faces = detector.networks.faces
    watch.watch(faces.blazeface, "find", "BlazeFace")
    watch.watch(faces.onestage, "find", "network for small faces")
    watch.watch(paired, "stances", "O-Net's look at the faces")
    watch.watch(faces, "detect", "detection, all of it")
    watch.watch(network, "texture", "textures of the landmark crops")
    watch.watch(detector.networks.landmarks, "run", "landmark network")
    for _ in range(options.repeats):
        watch.whole(lambda: detector.predict(image))
    print(f"{results.machine_line(header)}; one thread; {options.photo.name}")
    stages = watch.medians()
    for name, value in stages.items():
        print(f"  {name:<36}{value:>8.3f} ms")
    print(f"  {'whole, without the stopwatch':<36}{single:>8.3f} ms, {alone} face(s)")
    each = many / together
    print(f"{together} faces of 80 pixels on 640 x 480: {many:.2f} ms, {each:.2f} ms a face")
    if options.json:
        record = {
            "width": options.width,
            "repeats": options.repeats,
            "stages": stages,
            "whole": single,
            "faces": alone,
            "crowd": {"faces": together, "ms": many},
        }
        results.write(options.json, header, record)


if __name__ == "__main__":
    as_program(main)
