"""Faces of random numbers."""

import pytest

from lapland import Faces
from tests.three_faces import arrays


@pytest.fixture
def faces():
    return Faces(**arrays())
