"""lapland: 68 facial landmarks with a trained uncertainty for each, in real time on a CPU.

from lapland import Detector, draw

faces = Detector().predict("people.jpg")
faces.landmarks  # (N, 68, 2) float32, image pixels
faces.scales     # (N, 68)    float32, image pixels: small is sure
"""

import importlib as _importlib
import sys as _sys
import typing as _typing

from .base import forked as _forked  # noqa: F401 - forked processes need it
from .base.errors import (
    GeometryError,
    ImageError,
    ImageNotFoundError,
    LaplandError,
    MissingExtraError,
    ModelError,
    ModelNotFoundError,
    OptionError,
)
from .base.hints import MODULE as _MODULE
from .base.hints import unknown as _unknown
from .detector import Detector
from .faces.face import Face
from .faces.faces import Faces
from .networks.info import ModelInfo
from .schemes.aflw19 import AFLW19
from .schemes.definition import read_scheme
from .schemes.ibug68 import IBUG68
from .schemes.registry import SCHEMES
from .schemes.scheme import Scheme

if _typing.TYPE_CHECKING:
    from .answers.blinks import Blinks
    from .faces.blurring import blur
    from .faces.drawing import draw
    from .stream import track
    from .video.tracker import Tracker

__version__ = "0.1.0"

__all__ = [
    "AFLW19",
    "IBUG68",
    "SCHEMES",
    "Blinks",
    "Detector",
    "Face",
    "Faces",
    "GeometryError",
    "ImageError",
    "ImageNotFoundError",
    "LaplandError",
    "MissingExtraError",
    "ModelError",
    "ModelInfo",
    "ModelNotFoundError",
    "OptionError",
    "Scheme",
    "Tracker",
    "blur",
    "draw",
    "read_scheme",
    "track",
]

# Name -> module that is imported when the name is used: photos alone need no video and no drawing.
_ON_USE = {
    "Blinks": "answers.blinks",
    "Tracker": "video.tracker",
    "blur": "faces.blurring",
    "draw": "faces.drawing",
    "track": "stream",
}


def _named(public: _typing.Any) -> _typing.Any:
    """Users meet this name of a module in messages and pickles: rooms are ours to move."""
    if hasattr(public, "__module__") and callable(public):
        public.__module__ = __name__
    return public


def __getattr__(name: str) -> _typing.Any:
    if name not in _ON_USE:
        raise _unknown(_sys.modules[__name__], name, _MODULE.get(name))
    module = _importlib.import_module(f".{_ON_USE[name]}", __name__)
    globals()[name] = _named(getattr(module, name))
    return globals()[name]


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


for _name in __all__:
    if _name not in _ON_USE:
        _named(globals()[_name])
del _name
