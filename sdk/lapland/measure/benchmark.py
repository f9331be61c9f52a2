"""`lapland benchmark`: size, error and speed of models on the machine at hand."""

import math
import time
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TextIO

import cv2
import numpy as np

from ..base.errors import ImageError, LaplandError, OptionError
from ..base.files import write_whole
from ..base.progress import Progress, counted
from ..crop import square
from ..detector import Detector
from ..image.loading import Image, load_image
from ..networks import index, loading
from ..networks.info import ModelInfo
from . import machine
from .sample import sample
from .timer import Step, Timer, Times

_MOMENT = 0.5  # seconds of rest while the load of the machine is measured
_GAIN = 0.95  # int8's time as a share of float32's; more is no gain
_MOST = 1024  # crops or threads; more are a mistake


@dataclass(frozen=True)
class Settings:
    """Models to measure, and the method.

    Attributes:
        models: ONNX files of one's own.
        widths: widths of shipped models; None for all, or for none if there are `models`.
        precisions: precisions of shipped models; None likewise.
        weights: family of shipped models; None for all that are installed.
        threads: threads of a call; everything is measured with each number.
        batch: crops in a run of the landmark stage.
        size: width and height of the photo, pixels.
        photo: a photo of one's own instead.
        min_face: side of the smallest face to search for, pixels.
        spread: how well each median has to be known, as a part of itself.
        seconds: at most so long for each model and number of threads, if `LEAST` rounds fit.
    """

    models: tuple[Path, ...] = ()
    widths: tuple[str, ...] | None = None
    precisions: tuple[str, ...] | None = None
    weights: str | None = None
    threads: tuple[int, ...] = (1,)
    batch: int = 1
    size: tuple[int, int] = (640, 480)
    photo: Path | None = None
    min_face: int = 40
    spread: float = 0.01
    seconds: float = 4.0


class Benchmark:
    """A benchmark whose settings make sense; nothing is timed yet.

    Args:
        settings: the choice of the user.

    Raises:
        OptionError: the settings make no sense.
        ImageError: the photo cannot be used, or shows no face.
        ModelError: a model is missing, damaged or foreign.
    """

    def __init__(self, settings: Settings) -> None:
        counts = [("--batch", settings.batch)] + [("--threads", n) for n in settings.threads]
        for name, number in counts:
            if not 1 <= number <= _MOST:
                raise OptionError(f"{name} must be from 1 to {_MOST}, not {number}")
        if not 0 < settings.seconds < 1e6:
            raise OptionError(f"--seconds must be above 0, not {settings.seconds:g}")
        self._settings = settings
        self._paths = chosen(settings)
        self._weights = {entry.path: entry.weights for entry in index.entries()}
        own = settings.photo
        self._image = sample(*settings.size) if own is None else load_image(own)
        self._infos = {path: loading.describe(path) for path in self._paths}
        finder = Detector(threads=1, min_face=settings.min_face)
        self._found = finder.predict(self._image)
        if not len(self._found):
            shown = f"the sample in {_size(self._image)}" if own is None else own
            raise ImageError(
                f"{shown}: expected a face to measure on, found none of at least "
                f"{settings.min_face} pixels"
            )

    @property
    def infos(self) -> list[ModelInfo]:
        """The metadata of the models, in the order of the report."""
        return list(self._infos.values())

    def run(self, stream: TextIO) -> dict[str, Any]:
        """Measures, and shows on a stream how far it has come.

        Returns:
            The content of the JSON file: `header`, `settings`, `busy` and a row for each model and
            number of threads in `models`.
        """
        header = machine.header("lapland benchmark")
        start = machine.now()
        time.sleep(_MOMENT)
        before = machine.now()
        rows: list[dict[str, Any]] = []
        cv_threads = cv2.getNumThreads()
        try:
            for threads in self._settings.threads:
                rows += self._measured(threads, stream)
        finally:
            cv2.setNumThreads(cv_threads)
        busy = {
            "before": machine.others(start, before),
            "during": machine.others(before, machine.now()),
        }
        settings = self._settings
        return {
            "header": header,
            "settings": {
                "batch": settings.batch,
                "photo": "sample" if settings.photo is None else settings.photo.name,
                "size": [self._image.shape[1], self._image.shape[0]],
                "faces": len(self._found),
                "min_face": settings.min_face,
                "spread": settings.spread,
                "seconds": settings.seconds,
            },
            "busy": busy,
            "models": rows,
        }

    def _measured(self, threads: int, stream: TextIO) -> list[dict[str, Any]]:
        """The rows of one number of threads; all models take turns."""
        cv2.setNumThreads(threads)
        steps: dict[str, Step] = {}
        for path in self._paths:
            detector = Detector(model=path, threads=threads, min_face=self._settings.min_face)
            network, crops = detector.networks.landmarks, self._crops(self._infos[path])
            steps[f"landmarks {path}"] = lambda n=network, c=crops: n.run(c)  # type: ignore[misc]
            steps[f"predict {path}"] = lambda d=detector: d.predict(self._image)  # type: ignore[misc]
        timer = Timer(steps)
        most = timer.rounds_in(self._settings.seconds * len(self._paths))
        noun = f"rounds of {counted(threads, 'thread')}"
        with closing(Progress(stream, most, noun=noun)) as progress:
            for _ in range(most):
                timer.round()
                progress.step()
                if timer.settled(self._settings.spread):
                    break
        times = timer.summaries()
        return [
            self._row(path, threads, times[f"landmarks {path}"], times[f"predict {path}"])
            for path in self._paths
        ]

    def _row(self, path: Path, threads: int, landmarks: Times, predict: Times) -> dict[str, Any]:
        info = self._infos[path]
        return {
            "name": info.name,
            "file": path.name,
            "shipped": path in self._weights,
            "weights": self._weights.get(path),
            "width": info.width,
            "precision": info.precision,
            "parameters": info.parameters,
            "bytes": info.bytes,
            "nmse": info.nmse,
            "threads": threads,
            "landmarks": asdict(landmarks) | {"fps": self._settings.batch * 1e3 / landmarks.median},
            "predict": asdict(predict) | {"fps": 1e3 / predict.median},
        }

    def _crops(self, info: ModelInfo) -> Image:
        """(batch, size, size, 3) crops of the photo's largest face, as the model wants them."""
        (matrix,) = square.crop_matrices(
            self._found.five_points[:1],
            factor=info.crop_factor,
            size=info.size,
            upright=info.crop_upright,
        )
        crop = square.cut(self._image, matrix, info.size)
        return np.repeat(crop[None], self._settings.batch, axis=0)


def warnings(report: dict[str, Any]) -> list[str]:
    """Reasons to doubt the times, and models whose int8 form is no gain here."""
    lines = _without_gain(report)
    for when in ("before", "during"):
        busy = report["busy"][when]
        if busy is not None and busy > machine.BUSY:
            lines.append(
                f"{when} the timing other programs took {busy:.1f} of "
                f"{report['header']['cores']} cores: end them and measure again"
            )
    return lines


def _without_gain(report: dict[str, Any]) -> list[str]:
    """Widths whose landmark stage is not faster in int8 than in float32."""
    times = {
        (row["threads"], row.get("weights"), row["width"], row["precision"]): row["landmarks"][
            "median"
        ]
        for row in report["models"]
        if row["shipped"]
    }
    slow = {
        width: None  # in their order, each once
        for (*of, width, precision), median in times.items()
        if precision == "int8" and median > _GAIN * times.get((*of, width, "float32"), math.inf)
    }
    if not slow:
        return []
    return [
        f"int8 is no gain on this processor ({report['header']['instructions']}) at width "
        f"{', '.join(slow)}: choose precision float32"
    ]


def check_writable(path: Path, suffix: str) -> None:
    """Sees before the timing that a file can be written after it.

    Raises:
        OptionError: it has another suffix, or its folder does not exist.
    """
    if path.suffix.lower() != suffix:
        raise OptionError(f"{path}: expected the name of a file that ends in {suffix}")
    if path.is_dir() or not path.parent.is_dir():
        raise OptionError(f"{path}: expected a file in a folder that exists")


def write(path: Path, data: bytes) -> None:
    """Writes a whole file.

    Raises:
        LaplandError: the system does not let us.
    """
    try:
        write_whole(path, data)
    except OSError as error:
        raise LaplandError(f"{path}: cannot be written ({error.strerror})") from error


def chosen(settings: Settings) -> list[Path]:
    """The files of the models, each once, those of one's own last."""
    asked = (settings.widths, settings.precisions, settings.weights)
    if settings.models and asked == (None, None, None):
        return list(dict.fromkeys(settings.models))
    there = index.entries()
    families = dict.fromkeys(entry.weights for entry in there)
    if settings.weights is not None:
        families = {settings.weights: None}
    wide = {entry.width for entry in there if entry.weights in families}
    for width in settings.widths or ():
        if settings.weights is not None or width not in wide:
            index.path_of(width, weights=settings.weights)  # raises the error that fits
    paths = [
        entry.path
        for entry in there
        if entry.weights in families
        and entry.width in (settings.widths or wide)
        and entry.precision in (settings.precisions or index.PRECISIONS)
    ]
    found = [path for path in paths if path is not None]
    if not found:
        raise OptionError("expected models to measure; `lapland models` lists those that are there")
    return list(dict.fromkeys([*found, *settings.models]))


def _size(image: Image) -> str:
    return f"{image.shape[1]}x{image.shape[0]}"
