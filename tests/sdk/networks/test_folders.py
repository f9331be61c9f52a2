"""Folders of models, and the SHA-256 of their files."""

import shutil

import pytest

from lapland import Detector, ModelError, ModelNotFoundError
from lapland.networks import folders, index


@pytest.fixture
def copied(tmp_path, monkeypatch):
    """A copy of the folder of models, in the place of the real one."""
    shutil.copytree(folders.folder(), tmp_path / "models")
    monkeypatch.setattr(folders, "folder", lambda: tmp_path / "models")
    return tmp_path / "models"


DEFAULT = f"{index.default('photo').name}/model.onnx"


@pytest.mark.parametrize("name", ["mtcnn/onet.onnx", DEFAULT])
def test_one_changed_bit_of_a_shipped_file_is_refused(copied, name):
    Detector(threads=1)
    data = bytearray((copied / name).read_bytes())
    data[len(data) // 2] ^= 1
    (copied / name).write_bytes(data)
    with pytest.raises(ModelError, match=r"SHA-256 differs .* pip install --force-reinstall"):
        Detector(threads=1)


def test_hashes_cover_every_shipped_graph():
    lines = (folders.folder() / "SHA256SUMS").read_text().splitlines()
    files = {p.relative_to(f).as_posix() for f in folders.folders() for p in f.rglob("*.onnx")}
    assert {line[66:] for line in lines} == files


def test_files_are_found_by_their_name():
    path = folders.find("mtcnn/onet.onnx")
    assert path.is_file()
    assert folders.is_shipped(path)
    assert folders.find("mtcnn/none.onnx") is None
    assert not folders.is_shipped(folders.PACKAGE / "models.txt")


def test_files_that_are_not_there(tmp_path):
    with pytest.raises(ModelNotFoundError, match="there is no such model file"):
        folders.read_model(tmp_path / "none.onnx")
    with pytest.raises(ModelNotFoundError):
        folders.read_model(tmp_path)
    with pytest.raises(ModelError, match="cannot be read"):
        folders.read_model(tmp_path / "a\0b")
