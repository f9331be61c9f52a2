"""Face detectors by name: a row for each."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ..base.errors import OptionError

if TYPE_CHECKING:
    from .base import FaceDetector
    from .mtcnn import Mtcnn

# BlazeFace with MTCNN finds more faces and knows turned ones, and takes longer.
DEFAULT_DETECTOR = "mtcnn"


def _paired(*, min_face: int, turned: bool, threads: int | None, **options: Any) -> "FaceDetector":
    from ..networks import loading
    from .blazeface import BlazeFace  # as most programs use MTCNN alone
    from .paired import SCORE, PairedDetector

    mtcnn = _mtcnn(min_face=min_face, turned=False, threads=threads, **options)
    blazeface = BlazeFace(loading.load_blazeface(), threshold=SCORE, threads=threads)
    return PairedDetector(blazeface, mtcnn, min_face=min_face, turned=turned)


def _mtcnn(
    *,
    min_face: int,
    thresholds: tuple[float, float, float],
    pyramid_factor: float,
    turned: bool,
    threads: int | None,
) -> "Mtcnn":
    from ..networks import loading
    from .mtcnn import Mtcnn

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
    thresholds: tuple[float, float, float] = (0.6, 0.7, 0.7),
    pyramid_factor: float = 0.709,
    turned: bool = False,
    threads: int | None = None,
) -> "FaceDetector":
    """Loads a face detector.

    Args:
        name: a key of `DETECTORS`.
        min_face: side of the smallest face to look for, image pixels, at least 12.
        thresholds: least scores of the three networks of MTCNN.
        pyramid_factor: ratio of neighbouring sizes at which MTCNN looks for faces.
        turned: whether to look for faces at any angle, which takes longer.
        threads: threads for one run; None takes one for each core.

    Raises:
        OptionError: a keyword is outside its range.
        ModelError: a model file is missing or damaged.
    """
    if name not in DETECTORS:
        raise OptionError(
            f"detector must be one of {', '.join(map(repr, DETECTORS))}, not {name!r}"
        )
    if not isinstance(turned, bool):
        raise OptionError(f"turned must be True or False, not {turned!r}")
    return DETECTORS[name](
        min_face=min_face,
        thresholds=thresholds,
        pyramid_factor=pyramid_factor,
        turned=turned,
        threads=threads,
    )
