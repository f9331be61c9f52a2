"""Faces that all tests of formats write."""

import pytest

from tests.made_up import made_up


@pytest.fixture(scope="module")
def faces():
    return made_up(3)
