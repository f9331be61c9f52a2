"""Face detectors by name: a row for each."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from ..base.checks import check_flags
from ..base.errors import OptionError, shown

if TYPE_CHECKING:
    from .base import FaceDetector
    from .mtcnn import Mtcnn
    from .options import Thresholds

DEFAULT_DETECTOR = "blazeface"
_FACTOR = 0.709


def _paired(
    *,
    min_face: int,
    thresholds: "Thresholds | None",
    pyramid_factor: float,
    turned: bool,
    threads: int | None,
) -> "FaceDetector":
    from ..networks import loading
    from .blazeface import BlazeFace
    from .onestage import OneStage
    from .onet import Onet
    from .options import checked_factor, checked_min_face, checked_thresholds
    from .paired import THRESHOLDS, PairedDetector

    if checked_factor(pyramid_factor) != _FACTOR:
        raise OptionError("pyramid_factor is of the detector 'mtcnn'; give detector='mtcnn'")
    first, second, third = checked_thresholds(thresholds, usual=THRESHOLDS)
    least = checked_min_face(min_face)
    small = loading.load_onestage(turned=turned)
    return PairedDetector(
        BlazeFace(loading.load_blazeface(), threshold=first, threads=threads),
        OneStage(small, min_face=least, threshold=second, threads=threads),
        Onet(loading.load_onet(), threads=threads),
        min_face=least,
        least=third,
        turned=turned,
    )


def _mtcnn(
    *,
    min_face: int,
    thresholds: "Thresholds | None",
    pyramid_factor: float,
    turned: bool,
    threads: int | None,
) -> "Mtcnn":
    from ..networks import loading
    from .mtcnn import Mtcnn  # as most programs use the default detector

    if turned:
        raise OptionError(
            "turned=True needs the detector 'blazeface'; 'mtcnn' finds upright faces only"
        )
    return Mtcnn(
        *loading.load_mtcnn(),
        min_face=min_face,
        thresholds=thresholds,
        pyramid_factor=pyramid_factor,
        threads=threads,
    )


# Name -> function that loads it.
DETECTORS: "dict[str, Callable[..., FaceDetector]]" = {"blazeface": _paired, "mtcnn": _mtcnn}


def load_detector(
    name: str = DEFAULT_DETECTOR,
    *,
    min_face: int = 40,
    thresholds: "Thresholds | None" = None,
    pyramid_factor: float = _FACTOR,
    turned: bool = False,
    threads: int | None = None,
) -> "FaceDetector":
    """Loads a face detector.

    Args:
        name: a key of `DETECTORS`.
        min_face: side of the smallest face to look for, image pixels, at least 12.
        thresholds: three least scores; None takes those of the detector. Of "blazeface": of
            BlazeFace, of the network for small faces, and of both with the O-Net for faces that
            this is not sure of. Of "mtcnn": of its three networks.
        pyramid_factor: ratio of neighbouring sizes at which "mtcnn" looks for faces.
        turned: whether to look for faces at any angle, which takes longer.
        threads: threads for one run; None takes one for each core.

    Raises:
        OptionError: a keyword is outside its range.
        ModelError: a model file is missing or damaged.
    """
    if not isinstance(name, str) or name not in DETECTORS:
        raise OptionError(
            f"detector must be one of {', '.join(map(repr, DETECTORS))}, not {shown(name)}"
        )
    check_flags(turned=turned)
    return DETECTORS[name](
        min_face=min_face,
        thresholds=thresholds,
        pyramid_factor=pyramid_factor,
        turned=turned,
        threads=threads,
    )
