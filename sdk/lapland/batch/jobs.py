"""The work on many photos, in this process or in several.

Results come in the order of the photos with any number of processes. So the same photos give the
same file, byte for byte, even if a run stops and another continues it. The price: results behind a
slow photo wait for it in memory, a bounded number for each process.
"""

import sys
from collections.abc import Generator, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2

from ..base.errors import ImageNotFoundError, LaplandError, OptionError, clipped
from ..base.files import write_whole
from ..detection.registry import DEFAULT_DETECTOR
from ..detector import Detector
from ..faces.drawing import draw
from ..image.loading import read_image
from ..options import DetectorOptions
from ..schemes.ibug68 import IBUG68
from .photos import DRAWING, STDIN
from .processes import Death, in_processes
from .record import identity, line_for


@dataclass(frozen=True)
class Setup:
    """The set-up of a worker: options of its `Detector`, and answers that its lines hold."""

    detector: DetectorOptions
    pose: bool = False
    eyes: bool = False


@dataclass(frozen=True)
class Job:
    """One photo, and the files to write.

    Attributes:
        photo: its path.
        drawing: path of the drawing; None draws nothing.
        pts: the folder for `.pts` files and their name in it, for one face and for several.
        recorded: whether the line holds the photo's `identity`, for later runs.
    """

    photo: Path
    drawing: Path | None = None
    pts: tuple[Path, str, str] | None = None
    recorded: bool = False


@dataclass(frozen=True)
class Outcome:
    """The outcome of a job.

    Attributes:
        job: the job.
        line: line of JSON, with landmarks or with the error; empty if there is no such file.
        faces: how many were found.
        error: why the photo or its drawing failed; begins with its path.
        fatal: whether the next photo would meet that error, too.
        notes: choices made for the user, such as the page of a scan.
    """

    job: Job
    line: str
    faces: int = 0
    error: str | None = None
    fatal: bool = False
    notes: tuple[str, ...] = ()


class Batch:
    """Runs jobs.

    Attributes:
        settings: options that change results; part of every line.

    Args:
        setup: setup of the detectors.
        processes: 1 does everything in this process; more are started for the jobs, each with a
            detector of its own.

    Raises:
        OptionError: `processes` is no positive number, or as `Detector`.
        ModelError: as `Detector`.
    """

    def __init__(self, setup: Setup, processes: int = 1) -> None:
        if processes < 1:
            raise OptionError(f"jobs must be a positive integer, not {processes}")
        self._setup, self._processes = setup, processes
        work = _Work(setup)  # here too with several processes: a wrong option is said once
        self._work = work if processes == 1 else None
        self.settings = work.settings

    def run(self, jobs: Iterable[Job]) -> Generator[Outcome, None, None]:
        """Yields the outcome of each job, in their order; closing it ends the processes.

        Raises:
            LaplandError: the processes do not survive.
        """
        if self._work is not None:
            for job in jobs:
                yield self._work(job)
            return
        results = in_processes(start_in_process, self._setup, jobs, self._processes)
        for job, result in results:
            if isinstance(result, Death):
                reason = f"the process at work on it was ended {result.how}, twice"
                known = identity(job.photo) if job.recorded else {}
                result = _failed(job, self.settings, reason, known)
            yield result


class _Work:
    """Does jobs, with a detector of its own."""

    def __init__(self, setup: Setup) -> None:
        options = setup.detector
        self._detector = Detector(**vars(options))
        self._pose, self._eyes = setup.pose, setup.eyes
        if (self._pose or self._eyes) and self._detector.model.scheme is not IBUG68:
            raise OptionError("--pose, --eyes: expected a model of the 68 landmarks of IBUG68")
        self.settings: dict[str, Any] = {
            "model": self._detector.model.name,
            "min_face": options.min_face,
        }
        if options.min_confidence:
            self.settings["min_confidence"] = options.min_confidence
        if options.max_faces is not None:
            self.settings["max_faces"] = options.max_faces
        if options.detector != DEFAULT_DETECTOR:
            self.settings["detector"] = options.detector
        if options.looks > 1:
            self.settings["looks"] = options.looks
        chosen = {"turned": options.turned, "pose": setup.pose, "eyes": setup.eyes}
        self.settings |= {name: True for name, on in chosen.items() if on}

    def __call__(self, job: Job) -> Outcome:
        known = identity(job.photo) if job.recorded else {}
        try:
            image, notes = read_image(sys.stdin.buffer if job.photo == STDIN else job.photo)
            faces = self._detector.predict(image)
            if job.drawing is not None:
                write_drawing(job.drawing, draw(image, faces, pose=self._pose))
        except ImageNotFoundError as error:  # none to keep a line for: it may be a slip of the pen
            return Outcome(job, "", error=str(error))
        except LaplandError as error:
            reason = str(error).removeprefix(f"{clipped(job.photo)}: ")
            return _failed(job, self.settings, reason, known)
        except MemoryError:
            return _failed(job, self.settings, "there is not enough memory for it", known)
        result: dict[str, Any] = known | faces.to_dict(pose=self._pose, eyes=self._eyes)
        if notes:
            result["notes"] = list(notes)
        if job.pts is not None:
            folder, one, several = job.pts
            target = folder / f"{one if len(faces) == 1 else several}.pts"
            try:
                target.parent.mkdir(parents=True, exist_ok=True)
                written = faces.save_pts(target)
            except OSError as error:
                problem = f"{clipped(target)}: cannot be written ({error.strerror})"
                return Outcome(job, "", error=problem, fatal=True)
            result["pts"] = [path.relative_to(folder).as_posix() for path in written]
        line = line_for(job.photo, self.settings, result)
        return Outcome(job, line, len(faces), notes=notes)


def start_in_process(setup: Setup) -> _Work:
    """Starts the work in a process of its own, one thread unless `setup` says otherwise."""
    cv2.setNumThreads(setup.detector.threads or 1)  # the other processes have the other cores
    return _Work(setup)


def _failed(job: Job, settings: dict[str, Any], reason: str, known: dict[str, Any]) -> Outcome:
    line = line_for(job.photo, settings, known | {"error": reason})
    return Outcome(job, line, error=f"{clipped(job.photo)}: {reason}")


def write_drawing(path: Path, image: "cv2.typing.MatLike") -> None:
    """Writes an image; a JPEG gets the mark of a drawing, so that a later run may replace it.

    Raises:
        LaplandError: it cannot be written.
    """
    write_image(path, image, mark=DRAWING if path.suffix.lower() in (".jpg", ".jpeg") else b"")


def write_image(path: Path, image: "cv2.typing.MatLike", *, mark: bytes = b"") -> None:
    """Writes an image in the format that its suffix says, making its folder.

    Args:
        path: path of the file.
        image: (H, W, 3) BGR.
        mark: a segment of a JPEG, which goes behind its first marker.

    Raises:
        LaplandError: it cannot be written.
    """
    suffix = path.suffix.lower()
    quality = [cv2.IMWRITE_JPEG_QUALITY, 92] if suffix in (".jpg", ".jpeg") else []
    try:
        ok, data = cv2.imencode(suffix, image, quality)
    except cv2.error:
        ok = False
    if not ok:
        height, width = image.shape[:2]
        raise LaplandError(
            f"{clipped(path)}: OpenCV cannot write {width} x {height} pixels as {suffix}"
        )
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        encoded = data.tobytes()
        write_whole(path, encoded[:2] + mark + encoded[2:])
    except OSError as error:
        raise LaplandError(f"{clipped(path)}: cannot be written ({error.strerror})") from error
