"""Faces of random numbers, and those of a photo."""

import numpy as np
import pytest

from lapland import Detector, Faces
from tests.three_faces import arrays


@pytest.fixture
def faces():
    return Faces(**arrays())


@pytest.fixture(scope="session")
def pair(image):
    """The faces of the photo, and of the same photo moved by nine pixels."""
    face = Detector(threads=1).predict(image)
    moved = Faces(
        *(face.boxes + 9, face.scores, face.five_points + 9, face.landmarks + 9, face.scales),
        textures=face.textures,
        calibration=face.calibration,
    )
    return face, moved


@pytest.fixture(scope="session")
def together(pair):
    """Both in one `Faces`."""
    names = ("boxes", "scores", "five_points", "landmarks", "scales", "textures")
    *arrays, textures = (np.concatenate([getattr(f, name) for f in pair]) for name in names)
    return Faces(*arrays, textures=textures, calibration=pair[0].calibration)
