import pytest

from lapland import Detector

PHOTO = "examples/astronaut.png"


@pytest.fixture(scope="session")
def faces():
    return Detector(threads=1).predict(PHOTO)


@pytest.fixture(scope="session")
def astronaut(faces):
    return faces[0]
