"""A pipeline file beside `Detector.predict`: `python -m benchmarks.pipeline --photos FOLDER`.

    python -m benchmarks.pipeline --photos FOLDER [--count 200] [--model NAME ...] [--json FILE]

`python -m export.pipeline` writes the file. Every photo is fitted into its frame as
docs/other-languages.md has it, and both see that frame. Counted are the faces that only one of them
finds, on the photos and on every fourth of them turned; differences of landmarks are in pixels of
the crop, 80 on a side. Times are those that the processor spends, so that other programs do not
lengthen them: the least of some repeats, in turns, averaged over photos, and over mosaics of them
with many faces; one thread.
"""

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import onnxruntime
from numpy.typing import NDArray

from benchmarks.common import machine, results
from export import pipeline
from export.stages.photo import Photo
from lapland import Detector, Faces
from lapland.networks import index
from training.common.command import as_program

SUFFIXES = (".jpg", ".jpeg", ".png")
CLOSE = 0.1  # crop pixels
TURNS = (60, 120, 180, 240, 300)  # degrees: faces that may be found the wrong way up
MOSAICS = ((2, 2), (4, 3))  # columns and rows of photos
_SAME = 2.0  # pixels, between the boxes of one face

Image = NDArray[np.uint8]
Results = dict[str, NDArray[Any]]


def fitted(photo: Image, width: int, height: int) -> Image:
    """A photo in a frame, (height, width, 3)."""
    rate = max(photo.shape[1] / width, photo.shape[0] / height)
    size = int(photo.shape[1] / rate), int(photo.shape[0] / rate)
    frame = np.zeros((height, width, 3), np.uint8)
    how = cv2.INTER_AREA if rate > 1 else cv2.INTER_LINEAR
    frame[: size[1], : size[0]] = cv2.resize(photo, size, interpolation=how)
    return frame


def turned(images: list[Image]) -> list[Image]:
    """Frames turned about their centres, each by another angle than the one before."""
    found = []
    for i, image in enumerate(images):
        height, width = image.shape[:2]
        turn = cv2.getRotationMatrix2D((width / 2, height / 2), TURNS[i % len(TURNS)], 1)
        found.append(cv2.warpAffine(image, turn, (width, height)))
    return found


def mosaics(images: list[Image], columns: int, rows: int) -> list[Image]:
    """Frames that hold so many of the frames each, shrunk; what is left over is left out."""
    height, width = images[0].shape[:2]
    size = width // columns, height // rows
    small = [cv2.resize(image, size, interpolation=cv2.INTER_AREA) for image in images]
    found = []
    for start in range(0, len(small) - columns * rows + 1, columns * rows):
        parts = small[start : start + columns * rows]
        lines = [np.hstack(parts[i : i + columns]) for i in range(0, len(parts), columns)]
        whole = np.zeros_like(images[0])
        whole[: rows * size[1], : columns * size[0]] = np.vstack(lines)
        found.append(whole)
    return found


def opened(file: Path) -> Callable[[Image], Results]:
    """A pipeline file as a function, on one thread."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(str(file), options)
    names = [output.name for output in session.get_outputs()]
    return lambda image: dict(zip(names, session.run(None, {"image": image}), strict=True))


def pairs(faces: Faces, found: Results) -> list[tuple[int, int]]:
    """Which face of one is which of the other: those whose boxes lie within 2 pixels."""
    far = np.abs(faces.boxes[:, None] - found["boxes"]).max(axis=2, initial=0.0)
    if far.size == 0:
        return []
    return [(i, int(row.argmin())) for i, row in enumerate(far) if row.min() < _SAME]


def agreement(
    detector: Detector, run: Callable[[Image], Results], images: list[Image]
) -> dict[str, float]:
    """How far both agree, over all photos."""
    counts = dict.fromkeys(("photos", "faces", "only_detector", "only_pipeline"), 0)
    apart, certain, points = [], [], []
    for image in images:
        faces, found = detector.predict(image), run(image)
        same = pairs(faces, found)
        counts["photos"] += 1
        counts["faces"] += len(same)
        counts["only_detector"] += len(faces) - len(same)
        counts["only_pipeline"] += len(found["boxes"]) - len(same)
        if not same:
            continue
        mine, theirs = (list(indices) for indices in zip(*same, strict=True))
        units = detector.networks.landmarks.locate(image, faces.five_points[mine]).steps
        moved = np.linalg.norm(found["landmarks"][theirs] - faces.landmarks[mine], axis=2)
        apart.append(moved / units[:, None])
        certain.append(np.abs(found["confidence"][theirs] - faces.confidence[mine]))
        points.append((found["five_points"][theirs] == faces.five_points[mine]).all(axis=(1, 2)))
    every = np.concatenate(apart)
    return counts | {
        "same_five_points": 100 * float(np.concatenate(points).mean()),
        "mean": float(every.mean()),
        "p99": float(np.percentile(every, 99)),
        "max": float(every.max()),
        "close": 100 * float((every <= CLOSE).mean()),
        "close_faces": 100 * float((every.mean(axis=1) <= CLOSE).mean()),
        "confidence": float(np.concatenate(certain).max()),
    }


def times(
    detector: Detector, run: Callable[[Image], Results], images: list[Image], repeats: int
) -> dict[str, float]:
    """Milliseconds of `predict`, of that with all that a file gives, and of the file.

    The least of each photo, the mean of the photos. Both take turns, so that neither finds its
    weights in the cache.
    """
    rows = []
    for image in images * repeats:
        start = time.thread_time_ns()
        faces = detector.predict(image)
        predicted = time.thread_time_ns()
        # `predict` leaves them for whoever asks.
        _ = faces.radius(0.5), faces.radius(0.9), faces.confidence
        answered = time.thread_time_ns()
        run(image)
        rows.append((predicted - start, answered - start, time.thread_time_ns() - answered))
    least = np.reshape(rows, (repeats, len(images), 3)).min(axis=0)
    names = ("detector", "answers", "pipeline")
    return dict(zip(names, (least.mean(axis=0) / 1e6).tolist(), strict=True))


def measure(
    name: str, images: list[Image], frame: Photo, repeats: int, timed: int
) -> dict[str, Any]:
    """All figures of one model."""
    detector = Detector(model=index.path(name), threads=1, min_face=frame.min_face)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "pipeline.onnx"
        pipeline.write(file, name, frame)
        size = file.stat().st_size
        start = time.thread_time_ns()
        run = opened(file)
        load = (time.thread_time_ns() - start) / 1e6
    part = images[:: max(1, len(images) // timed)]
    crowds = {f"{c} x {r}": mosaics(images, c, r)[: max(1, timed // 4)] for c, r in MOSAICS}
    return {
        "bytes": size,
        "load": load,
        **agreement(detector, run, images),
        "turned": agreement(detector, run, turned(images[::4])),
        "ms": times(detector, run, part, repeats),
        "mosaics": {
            size: {"photos": len(some), "ms": times(detector, run, some, repeats)}
            for size, some in crowds.items()
            if some
        },
    }


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.pipeline", description=__doc__)
    parser.add_argument("--photos", type=Path, required=True, help="folder; those below it, too")
    parser.add_argument("--count", type=int, default=200, help="how many, evenly from the list")
    defaults = [entry.name for entry in index.entries() if entry.default]
    parser.add_argument("--model", nargs="+", default=defaults, help="names of models")
    parser.add_argument("--size", default="640x480", help="width and height of the frame")
    parser.add_argument("--repeats", type=int, default=9, help="calls of a photo for the times")
    parser.add_argument("--timed", type=int, default=20, help="photos for the times")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the figures here")
    options = parser.parse_args()
    try:
        frame = Photo(*pipeline.size_of(options.size))
    except ValueError as error:
        parser.error(str(error))
    files = sorted(p for p in options.photos.rglob("*") if p.suffix.lower() in SUFFIXES)
    if not files:
        parser.error(f"--photos: expected JPEG or PNG files below {options.photos}, found none")
    header = results.header("pipeline")
    cv2.setNumThreads(1)
    machine.keep_to_one_core()
    chosen = files[:: max(1, len(files) // options.count)][: options.count]
    read = (machine.read_photo(file, "benchmarks.pipeline") for file in chosen)
    images = [fitted(photo, frame.width, frame.height) for photo in read]
    print(results.machine_line(header))
    figures = {}
    for name in options.model:
        figures[name] = measure(name, images, frame, options.repeats, options.timed)
        print(name, figures[name], flush=True)
    if options.json:
        settings = {
            "width": frame.width,
            "height": frame.height,
            "photos": len(images),
            "repeats": options.repeats,
            "timed": len(images[:: max(1, len(images) // options.timed)]),
        }
        results.write(options.json, header, {"settings": settings, "figures": figures})


if __name__ == "__main__":
    as_program(main)
