import pytest

from lapland import Detector


@pytest.fixture(scope="session")
def faces(image):
    return Detector(threads=1).predict(image)


@pytest.fixture(scope="session")
def astronaut(faces):
    return faces[0]
