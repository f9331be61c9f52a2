"""A dozen drawn faces."""

import pytest

from lapland.schemes.ibug68 import IBUG68
from tests.drawn_faces import write_folder
from training.data import detected
from training.data.readers import read_faces


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return write_folder(tmp_path_factory.mktemp("data") / "faces", 12)


@pytest.fixture(scope="module")
def faces(folder, tmp_path_factory):
    cache = tmp_path_factory.mktemp("cache")
    return [
        detected.add_detected(read_faces(folder, IBUG68, folder / f"splits/{name}.txt"), cache)
        for name in ("train", "val")
    ]
