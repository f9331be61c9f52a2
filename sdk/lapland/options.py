"""The options of a `Detector` as one value, for commands, processes and pickles; its networks."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from .base.checks import check_flags, checked_path
from .base.errors import OptionError, shown
from .detection.registry import DEFAULT_DETECTOR
from .landmarks.decoders import DECODERS, DEFAULT_DECODER

if TYPE_CHECKING:
    from .detection.base import FaceDetector
    from .detection.options import Thresholds
    from .landmarks.network import LandmarkNetwork


LOOKS = (1, 2, 4)
"""How many crops of a face may be averaged."""


@dataclass(frozen=True)
class DetectorOptions:
    """The keywords of `Detector`, with its defaults; `Detector(**vars(options))` loads one.

    Raises:
        OptionError: `decoder`, `looks`, `rgb`, `min_confidence`, `max_faces` or `model` is no such
            value. `Detector` checks the others when it uses them.
    """

    width: str | None = None
    precision: str | None = None
    weights: str | None = None
    decoder: str = DEFAULT_DECODER
    looks: int = 1
    model: str | os.PathLike[str] | None = None
    detector: str = DEFAULT_DETECTOR
    turned: bool = False
    min_face: int = 40
    thresholds: "Thresholds | None" = None
    pyramid_factor: float = 0.709
    threads: int | None = None
    rgb: bool = False
    min_confidence: float = 0.0
    max_faces: int | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.decoder, str) or self.decoder not in DECODERS:
            known = ", ".join(map(repr, DECODERS))
            raise OptionError(f"decoder must be one of {known}, not {shown(self.decoder)}")
        if not _is(self.looks, int, np.integer) or self.looks not in LOOKS:
            raise OptionError(f"looks must be 1, 2 or 4, not {shown(self.looks)}")
        check_flags(rgb=self.rgb)
        least, most = self.min_confidence, self.max_faces
        if not _is(least, int, float, np.number) or not 0 <= least <= 1:
            raise OptionError(f"min_confidence must be within 0..1, not {shown(least)}")
        if most is not None and (not _is(most, int, np.integer) or most < 1):
            raise OptionError(f"max_faces must be None or a positive integer, not {shown(most)}")
        if self.model is not None:
            checked_path(self.model, "model", "an ONNX file")


class Networks(NamedTuple):
    """The two stages of a detector.

    Attributes:
        faces: the face detector, image -> boxes, scores, five points.
        landmarks: the landmark network, crops -> landmarks and scales.
    """

    faces: "FaceDetector"
    landmarks: "LandmarkNetwork"


def load_networks(options: DetectorOptions) -> Networks:
    """Loads the networks that the options name.

    Raises:
        OptionError: an option is outside its range.
        ModelError: a model file is missing, damaged or foreign, or its package is not installed.
    """
    # Programs that need no detector do not wait for these.
    from .detection.registry import load_detector
    from .landmarks.network import LandmarkNetwork
    from .networks import index

    if options.model is None:
        form = index.form_of("photo", options.width, options.precision, options.weights)
        path = index.path_of(*form, options.weights)
    else:
        path = Path(options.model)
    landmarks = LandmarkNetwork(path, options.threads, options.decoder, looks=options.looks)
    faces = load_detector(
        options.detector,
        turned=options.turned,
        min_face=options.min_face,
        thresholds=options.thresholds,
        pyramid_factor=options.pyramid_factor,
        threads=options.threads,
    )
    return Networks(faces, landmarks)


def _is(value: object, *types: type) -> bool:
    return isinstance(value, types) and not isinstance(value, bool)
