"""The options of a `Detector` as one value, for commands, processes and pickles."""

import os
from dataclasses import dataclass

import numpy as np

from .base.errors import OptionError, shown
from .detection.registry import DEFAULT_DETECTOR
from .landmarks.decoders import DECODERS, DEFAULT_DECODER


@dataclass(frozen=True)
class DetectorOptions:
    """The keywords of `Detector`, with its defaults; `Detector(**vars(options))` loads one.

    Raises:
        OptionError: `decoder`, `rgb`, `min_confidence`, `max_faces` or `model` is no such value.
            `Detector` checks the others when it uses them.
    """

    width: str | None = None
    precision: str | None = None
    weights: str | None = None
    decoder: str = DEFAULT_DECODER
    model: str | os.PathLike[str] | None = None
    detector: str = DEFAULT_DETECTOR
    turned: bool = False
    min_face: int = 40
    thresholds: tuple[float, float, float] = (0.6, 0.7, 0.7)
    pyramid_factor: float = 0.709
    threads: int | None = None
    rgb: bool = False
    min_confidence: float = 0.0
    max_faces: int | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.decoder, str) or self.decoder not in DECODERS:
            known = ", ".join(map(repr, DECODERS))
            raise OptionError(f"decoder must be one of {known}, not {shown(self.decoder)}")
        if not isinstance(self.rgb, (bool, np.bool_)):
            raise OptionError(f"rgb must be True or False, not {shown(self.rgb)}")
        least, most = self.min_confidence, self.max_faces
        if not _is(least, int, float, np.number) or not 0 <= least <= 1:
            raise OptionError(f"min_confidence must be within 0..1, not {shown(least)}")
        if most is not None and (not _is(most, int, np.integer) or most < 1):
            raise OptionError(f"max_faces must be None or a positive integer, not {shown(most)}")
        if self.model is not None:
            _check_path(self.model)


def _is(value: object, *types: type) -> bool:
    return isinstance(value, types) and not isinstance(value, bool)


def _check_path(model: object) -> None:
    named = isinstance(model, (str, os.PathLike)) and isinstance(os.fspath(model), str)
    # Paths are not as long as 4096 characters; messages would repeat all of them.
    if not named or len(os.fspath(model)) > 4096:  # type: ignore[call-overload]
        raise OptionError(f"model must be the path of an ONNX file, not {shown(model)}")
