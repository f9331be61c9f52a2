"""lapland: 68 facial landmarks with a trained uncertainty for each, in real time on a CPU.

from lapland import Detector, draw

faces = Detector().predict("people.jpg")
faces.landmarks  # (N, 68, 2) float32, image pixels
faces.scales     # (N, 68)    float32, image pixels: small is sure
"""

from ._detector import Detector
from ._draw import draw
from ._errors import (
    GeometryError,
    ImageError,
    ImageNotFoundError,
    LaplandError,
    MissingExtraError,
    ModelError,
    ModelNotFoundError,
    OptionError,
)
from ._faces import Face, Faces
from ._models import ModelInfo
from ._scheme import AFLW19, IBUG68, SCHEMES, Scheme
from .video.tracker import Tracker

__version__ = "0.1.0"

__all__ = [
    "AFLW19",
    "IBUG68",
    "SCHEMES",
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
    "draw",
]
