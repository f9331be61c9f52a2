"""`lapland blur`: faces of photos and videos made unrecognisable."""

import argparse
from collections import deque
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..base.errors import ImageError, LaplandError, OptionError, clipped
from ..base.progress import counted
from ..batch.jobs import write_image
from ..batch.photos import SUFFIXES, find_photos
from ..detector import Detector
from ..faces.blurring import STYLES, blur
from ..faces.faces import Faces
from ..footage.recording import FORMATS, Recording
from ..footage.source import Source, opened
from ..image.loading import load_image
from .options import add_detector, complain, detector_options, path_of

# Face detector -> least scores of a face: below the usual ones, as a missed face is a larger fault
# than a blurred cushion.
THRESHOLDS = {"blazeface": (0.4, 0.2, 0.3), "mtcnn": (0.5, 0.6, 0.4)}
SMALLEST = 20  # pixels
# A face hides its place in so many frames before and after, too.
NEIGHBOURS = 4
VIDEOS = frozenset(FORMATS) | {".webm", ".wmv", ".mpg", ".mpeg", ".mts", ".3gp"}


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Adds the subcommand."""
    parser = commands.add_parser(
        "blur",
        help="make the faces of photos and videos unrecognisable",
        description="Blurs every face in photos, folders of photos and videos, ear to ear, "
        "and writes copies without metadata and sound. Places that are only "
        "perhaps a face are blurred, too (low thresholds). Faces can still be "
        "missed: check the result before you publish it.",
    )
    parser.add_argument(
        "inputs", nargs="+", type=path_of, metavar="PHOTO", help="or folder, or video"
    )
    parser.add_argument(
        "-o",
        "--out",
        type=path_of,
        required=True,
        metavar="OUT",
        help="a folder; or a file, for a single photo or video",
    )
    parser.add_argument(
        "--style", choices=STYLES, default="blur", help="how faces are hidden (default: blur)"
    )
    add_detector(parser, "video", min_face=SMALLEST)
    parser.add_argument("--threads", type=int, metavar="N", help="threads (default: every core)")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Runs the subcommand; returns the exit status."""
    least = THRESHOLDS.get(options.detector)  # None: its usual ones
    detector = Detector(**vars(detector_options(options, thresholds=least)))
    videos = [path for path in options.inputs if path.suffix.lower() in VIDEOS]
    given = [path for path in options.inputs if path not in videos]
    photos, empty = find_photos(given, options.out)
    for folder in empty:
        complain(f"{clipped(folder)}: holds no photo ({', '.join(sorted(SUFFIXES))})")
    many = len(photos) + len(videos) > 1 or any(path.is_dir() for path in options.inputs)
    targets = _targets(options.out, photos, videos, many)
    failed = 0
    for source, target in targets.items():
        try:
            if source in videos:
                report = _video(detector, source, target, options.style)
            else:
                report = _photo(detector, source, target, options.style)
            print(f"{source}: {report}, in {target}", flush=True)
        except OptionError:
            raise
        except LaplandError as error:
            failed += 1
            complain(error)
    print(
        f"faces blurred from {options.min_face} pixels on, sure or not; "
        "faces may have been missed: check the result"
    )
    return 1 if failed or empty else 0


def _targets(
    out: Path, photos: dict[Path, Path], videos: list[Path], many: bool
) -> dict[Path, Path]:
    """The path of each copy: names and sub-folders stay.

    Raises:
        OptionError: `out` is a file for several, or a copy would take the place of an original.
    """
    named = out.suffix.lower() in SUFFIXES | frozenset(FORMATS) and not out.is_dir()
    if named and many:
        raise OptionError(
            f"-o {clipped(out)}: expected a folder for several files, not a file name"
        )
    targets: dict[Path, Path] = {}
    for source in (*photos, *videos):
        root = photos.get(source, source.parent)
        target = out if named else out / source.relative_to(root)
        if source in videos and target.suffix.lower() not in FORMATS:
            target = target.with_suffix(".mp4")
        elif source not in videos and target.suffix.lower() not in SUFFIXES:
            target = target.with_suffix(".jpg")
        while target in targets.values():
            target = target.with_name(f"{target.stem}_2{target.suffix}")
        targets[source] = target
    originals = {source.resolve() for source in targets}
    for target in targets.values():
        if target.resolve() in originals:
            raise OptionError(
                f"-o {clipped(out)}: {clipped(target)} would take the place of an original"
            )
    return targets


def _photo(detector: Detector, source: Path, target: Path, style: str) -> str:
    image = load_image(source)
    faces = detector.predict(image)
    write_image(target, blur(image, faces, style))
    return f"{counted(len(faces), 'face')} blurred"


def _video(detector: Detector, source: Path, target: Path, style: str) -> str:
    with opened(str(source)) as frames, Recording(target, frames.rate(), live=False) as recording:
        count = found = 0
        try:
            for image, near, time in _with_neighbours(detector, frames):
                recording.write(blur(image, near, style), time)
                count += 1
                found += bool(len(near[len(near) // 2]))
        except KeyboardInterrupt:
            where = f"; they are in {clipped(recording.part)}" if count else ""
            complain(f"{clipped(source)}: stopped after {counted(count, 'frame')}{where}")
            raise
        recording.close()
        if frames.missing:
            raise ImageError(f"{clipped(source)}: {frames.missing}; the copy is {clipped(target)}")
    return f"{counted(count, 'frame')}, faces found in {found}, no sound"


def _with_neighbours(
    detector: Detector, frames: Source
) -> Iterator[tuple[NDArray[np.uint8], list[Faces], float]]:
    """Each frame with the faces of those about it, and its time."""
    none = Faces.empty(detector.model.scheme)
    window: deque[tuple[NDArray[np.uint8] | None, Faces, float]] = deque(
        [(None, none, 0.0)] * (NEIGHBOURS + 1), maxlen=2 * NEIGHBOURS + 1
    )

    def current() -> Iterator[tuple[NDArray[np.uint8], list[Faces], float]]:
        if len(window) == window.maxlen:
            image, _, time = window[NEIGHBOURS]
            if image is not None:
                yield image, [faces for _, faces, _ in window], time

    for image, time in frames:
        window.append((image, detector.predict(image), time))
        yield from current()
    for _ in range(NEIGHBOURS):
        window.append((None, none, 0.0))
        yield from current()
