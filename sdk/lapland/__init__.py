"""lapland: 68 facial landmarks with a trained uncertainty for each, in real time on a CPU.

from lapland import Detector, draw

faces = Detector().predict("people.jpg")
faces.landmarks  # (N, 68, 2) float32, image pixels
faces.scales     # (N, 68)    float32, image pixels: small is sure
"""

from .answers.blinks import Blinks
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
from .detector import Detector
from .faces.blurring import blur
from .faces.drawing import draw
from .faces.face import Face
from .faces.faces import Faces
from .networks.info import ModelInfo
from .schemes.aflw19 import AFLW19
from .schemes.definition import read_scheme
from .schemes.ibug68 import IBUG68
from .schemes.registry import SCHEMES
from .schemes.scheme import Scheme
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

for _name in __all__:
    _public = globals()[_name]
    if hasattr(_public, "__module__") and callable(_public):
        # Users meet these names in messages and pickles: rooms are ours to move.
        _public.__module__ = "lapland"
del _name, _public
