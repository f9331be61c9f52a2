"""Faces found and missed, false faces, turned faces and times: `python -m benchmarks.detection`.

    python -m benchmarks.detection --data DATA --backgrounds PHOTOS [--json FILE]

DATA holds the folders of faces (`300w`, `aflw2000`, `crowd`, `webmorph`, `unlabelled`); PHOTOS are
any number of photos without faces, such as wallpapers. The parts, for every detector:

- sets: faces missed in their own photos, and further boxes there (some are faces beside the first)
- sizes: faces of the validation set pasted into the photos at one size, missed in percent
- false: boxes in the photos without faces
- points: error of the landmarks in crops about each detector's five points, in percent of the
  distance of the outer eye corners, on faces that all detectors find; and their jitter if the photo
  is still but for noise of four grey values
- turned: faces of the validation set by angle and size: found, right (a mean error of the landmarks
  below 10 % of the distance of the outer eye corners), and wrong with a confidence above 0.5
- time: milliseconds of a call, fastest of many, in turns, by size of photo and number of faces

The validation set of 300-W and the kept-out part of `aflw2000` chose settings; the others did not.
"""

import argparse
import time
from collections import Counter
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.common import face_scenes as scenes
from benchmarks.common import machine, results
from lapland import Detector
from lapland.detection.base import FaceDetector
from training.common.command import as_program

PARTS = ("sets", "sizes", "false", "points", "turned", "time")
SIZES = (32, 40, 48, 56, 80, 112, 160, 220)
TURNED_SIZES = (150, 100, 60)
WRONG = 0.10
WIDTHS = (320, 640, 1280, 2560)  # of photos, pixels
COUNTS = (1, 2, 4, 8)  # of faces
_STILL, _NOISY = 6, 8  # one face of so many shows the jitter, in so many noisy photos

# Label -> arguments of `Detector`.
KINDS: dict[str, dict[str, Any]] = {
    "blazeface": {"detector": "blazeface"},
    "blazeface, turned": {"detector": "blazeface", "turned": True},
    "mtcnn": {"detector": "mtcnn"},
}
Detectors = dict[str, FaceDetector]
Figures = dict[str, Any]


def read_sets(data: Path, every: int) -> dict[str, list[scenes.Face]]:
    """The faces of each folder, or one of every so many."""
    val = (data / "300w" / "splits" / "val.txt").read_text().split()
    kept = (data / "splits" / "aflw2000_kept_out.txt").read_text().split()
    faces = {
        "300w/val": scenes.read_faces(data / "300w", val),
        "aflw2000": scenes.read_faces(data, kept),
        **{name: scenes.read_faces(data / name) for name in ("crowd", "webmorph", "unlabelled")},
    }
    return {name: found[::every] for name, found in faces.items()}


def measure_sets(detectors: Detectors, faces: dict[str, list[scenes.Face]]) -> Figures:
    """Faces that are missed in their own photos, and boxes beyond one a photo."""
    figures: Figures = {}
    for name, group in faces.items():
        rows = {}
        for label, detector in detectors.items():
            boxes = [detector.detect(face.image).boxes for face in group]
            hits = sum(scenes.found(b, face) for b, face in zip(boxes, group, strict=True))
            rows[label] = {"missed": len(group) - hits, "more": sum(map(len, boxes)) - hits}
        figures[name] = {"faces": len(group), **rows}
        print(f"{name}: {figures[name]}", flush=True)
    return figures


def measure_sizes(
    detectors: Detectors, faces: list[scenes.Face], photos: list[NDArray[np.uint8]]
) -> Figures:
    """Faces that are missed at each size of the longer side of the landmarks' rectangle."""
    figures: Figures = {}
    for size in SIZES:
        missed: Counter[str] = Counter()
        for image, truth in scenes.scenes(faces, size, photos, np.random.default_rng(size)):
            for label, detector in detectors.items():
                boxes = detector.detect(image).boxes
                missed[label] += sum(not scenes.found(boxes, points) for points in truth)
        figures[str(size)] = {"faces": len(faces), **{d: missed[d] for d in detectors}}
        print(f"{size} px: {figures[str(size)]}", flush=True)
    return figures


def measure_false(detectors: Detectors, photos: list[NDArray[np.uint8]], windows: int) -> Figures:
    """Boxes in photos without faces: in each as a whole, and in parts of 640 x 480."""
    rng = np.random.default_rng(0)
    views = [scenes.window(photo, rng) for photo in photos for _ in range(windows)]
    figures: Figures = {"views": len(views)}
    for label, detector in detectors.items():
        figures[label] = sum(len(detector.detect(view).boxes) for view in views)
    print(f"without faces: {figures}", flush=True)
    return figures


def measure_points(
    detectors: Detectors, landmarks: Detector, faces: dict[str, list[scenes.Face]]
) -> Figures:
    """Error and jitter of landmarks by the detector that placed the five points of their crops."""
    rng = np.random.default_rng(0)
    figures: Figures = {}
    for name, group in faces.items():
        errors: dict[str, list[float]] = {label: [] for label in detectors}
        jitter: dict[str, list[float]] = {label: [] for label in detectors}
        for number, face in enumerate(group):
            assert face.landmarks is not None
            unit = float(np.linalg.norm(face.landmarks[36] - face.landmarks[45]))
            placed = _landmarks_of(detectors, landmarks, face.image, face.landmarks)
            if placed is None:
                continue
            for label, points in placed.items():
                off = np.linalg.norm(points - face.landmarks, axis=1).mean()
                errors[label].append(100 * float(off) / unit)
            if number % _STILL == 0:
                noise = [rng.normal(0, 4, face.image.shape) for _ in range(_NOISY)]
                shots = [np.clip(face.image + n, 0, 255).astype(np.uint8) for n in noise]
                seen = [_landmarks_of(detectors, landmarks, s, face.landmarks) for s in shots]
                if all(row is not None for row in seen):
                    for label in detectors:
                        spread = np.std([row[label] for row in seen if row is not None], axis=0)
                        jitter[label].append(
                            100 * float(np.linalg.norm(spread, axis=1).mean()) / unit
                        )
        figures[name] = {
            "faces": len(next(iter(errors.values()))),
            "error": {label: round(float(np.mean(e)), 3) for label, e in errors.items()},
            "jitter": {label: round(float(np.mean(j)), 3) for label, j in jitter.items()},
        }
        print(f"points, {name}: {figures[name]}", flush=True)
    return figures


def _landmarks_of(
    detectors: Detectors, landmarks: Detector, image: NDArray[np.uint8], truth: NDArray[np.float64]
) -> dict[str, NDArray[np.float64]] | None:
    """Landmarks (68, 2) of the annotated face by each detector; None if one of them misses it."""
    placed = {}
    for label, detector in detectors.items():
        boxes, _, five = detector.detect(image)
        mine = [i for i, box in enumerate(boxes) if scenes.found(box[None], truth)]
        if not mine:
            return None
        network = landmarks.networks.landmarks
        placed[label] = network.locate(image, five[mine[:1]]).landmarks[0].astype(np.float64)
    return placed


def measure_turned(detectors: dict[str, Detector], faces: list[scenes.Face], step: int) -> Figures:
    """Faces by size and angle: none found, right, wrong, and wrong though confident."""
    figures: Figures = {}
    for size in TURNED_SIZES:
        for degrees in range(0, 360, step):
            counts = {label: Counter[str]() for label in detectors}
            for face in faces:
                image, points = scenes.turned(face, size, degrees)
                for label, detector in detectors.items():
                    counts[label].update(_judged(detector, image, points))
            row = {label: dict(count) for label, count in counts.items()}
            figures[f"{size} px, {degrees}"] = {"faces": len(faces), **row}
            print(f"{size} px, {degrees} degrees: {row}", flush=True)
    return figures


def _judged(detector: Detector, image: NDArray[np.uint8], points: NDArray[np.float64]) -> list[str]:
    """The result of `predict` for the face in the middle of a scene."""
    faces = detector.predict(image)
    middle, size = (points.min(axis=0) + points.max(axis=0)) / 2, np.ptp(points, axis=0).max()
    unit = float(np.linalg.norm(points[36] - points[45]))
    verdicts = []
    for place, confidence in zip(faces.landmarks, faces.confidence, strict=True):
        if np.abs((place.min(axis=0) + place.max(axis=0)) / 2 - middle).max() > 0.6 * size:
            continue
        wrong = float(np.linalg.norm(place - points, axis=1).mean()) / unit > WRONG
        verdicts.append("wrong" if wrong else "right")
        if wrong and confidence > 0.5:
            verdicts.append("wrong, confident")
    return verdicts or ["none"]


def measure_times(
    detectors: Detectors, faces: list[scenes.Face], photos: list[NDArray[np.uint8]], repeats: int
) -> Figures:
    """Fastest call on each of some scenes, in turns; the mean over the scenes, milliseconds.

    By size of the one face in 640 x 480, by width of a photo with one face of a quarter of its
    height, and by number of faces of 80 pixels.
    """
    rng = np.random.default_rng(1)
    chosen = faces[:: max(1, len(faces) // 10)]

    def scene(size: float, count: int = 1, start: int = 0) -> NDArray[np.uint8]:
        group = [faces[(start + k) % len(faces)] for k in range(count)]
        return next(scenes.scenes(group, size, photos, rng))[0]

    sizes = {str(px): [scene(px, start=i) for i in range(len(chosen))] for px in (80, 160)}
    first = sizes["160"][:3]
    widths = {
        str(width): [
            cv2.resize(i, (width, width * 3 // 4), interpolation=cv2.INTER_AREA) for i in first
        ]
        for width in WIDTHS
    }
    counts = {str(count): [scene(80, count, start) for start in range(3)] for count in COUNTS}
    figures: Figures = {}
    for name, groups in (("px", sizes), ("width", widths), ("faces", counts)):
        figures[name] = {
            key: _fastest(detectors, images, repeats) for key, images in groups.items()
        }
        print(f"milliseconds by {name}: {figures[name]}", flush=True)
    return figures


def _fastest(
    detectors: Detectors, images: list[NDArray[np.uint8]], repeats: int
) -> dict[str, float]:
    best = {label: np.full(len(images), np.inf) for label in detectors}
    for _ in range(repeats):
        for i, image in enumerate(images):
            for label, detector in detectors.items():
                start = time.perf_counter_ns()
                detector.detect(image)
                taken = (time.perf_counter_ns() - start) / 1e6
                best[label][i] = min(best[label][i], taken)
    return {label: round(float(b.mean()), 3) for label, b in best.items()}


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.detection", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folders of faces")
    parser.add_argument("--backgrounds", type=Path, required=True, help="photos without faces")
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=list(PARTS))
    parser.add_argument("--every", type=int, default=1, help="take one face of so many")
    parser.add_argument("--step", type=int, default=15, help="degrees between turns")
    parser.add_argument("--repeats", type=int, default=20, help="calls on each scene for the times")
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=list(KINDS))
    parser.add_argument("--width", help="landmark model of the points (default: the default one)")
    parser.add_argument("--weights", help="its family")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the figures here")
    options = parser.parse_args()
    header = results.header("detection")
    cv2.setNumThreads(1)
    whole = {label: Detector(**KINDS[label], threads=1) for label in options.kinds}
    detectors = {label: detector.networks.faces for label, detector in whole.items()}
    faces = read_sets(options.data, options.every)
    photos = scenes.read_backgrounds(options.backgrounds)
    val = faces["300w/val"]
    figures: Figures = {}
    if "time" in options.parts:
        machine.keep_to_one_core()
        figures["time"] = measure_times(detectors, val, photos, options.repeats)
    if "sets" in options.parts:
        figures["sets"] = measure_sets(detectors, faces)
    if "sizes" in options.parts:
        figures["sizes"] = measure_sizes(detectors, val, photos)
    if "false" in options.parts:
        figures["false"] = measure_false(detectors, photos, 6)
    if "points" in options.parts:
        common = (options.data / "300w" / "splits" / "common.txt").read_text().split()
        groups = {"300w/val": val, "300w/common": scenes.read_faces(options.data / "300w", common)}
        groups = {name: group[:: options.every] for name, group in groups.items()}
        model = Detector(options.width, weights=options.weights, threads=1)
        figures["points"] = {"model": model.model.name} | measure_points(detectors, model, groups)
    if "turned" in options.parts:
        figures["turned"] = measure_turned(whole, val[::2], options.step)
    if options.json:
        results.write(options.json, header, figures)


if __name__ == "__main__":
    as_program(main)
