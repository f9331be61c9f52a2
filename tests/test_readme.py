"""What README.md says is what the repository does."""

import re
import shlex
import zlib

import pytest

import lapland
from export.cards.blocks import find_block
from export.table import README as MODELS
from export.table import model_table
from training.common.paths import REPOSITORY

TEXT = (REPOSITORY / "README.md").read_text()


def test_the_version_is_the_same_everywhere():
    version = lapland.__version__
    assert f"\nversion: {version}\n" in (REPOSITORY / "CITATION.cff").read_text()
    newest = re.search(r"^## (\S+)", (REPOSITORY / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert newest[1] == version
    assert 'dynamic = ["version"]' in (REPOSITORY / "pyproject.toml").read_text()


def test_the_readme_is_short():
    assert 6_500 < len(TEXT.encode()) < 8_200, "7 to 8 kB; more belongs into docs/"


def test_the_size_of_the_wheel_is_that_of_its_models():
    """Weights are nearly all of a wheel, which is a zip archive."""
    (stated,) = re.findall(r"The wheel\s+is (\d+) MB", TEXT)
    folders = ("open-*", "mtcnn", "blazeface", "onestage")
    models = (file for name in folders for file in REPOSITORY.glob(f"models/{name}/*.onnx"))
    size = sum(len(zlib.compress(file.read_bytes())) for file in models)
    assert abs(int(stated) - size / 1e6) < 1


def test_table_of_models_is_that_of_the_files():
    assert find_block(MODELS.read_text(), "models") == model_table()


def test_continuous_integration_runs_the_second_command():
    commands = re.findall(r"^python3 -m venv .*$", TEXT, re.MULTILINE)
    assert len(commands) == 2
    script = (REPOSITORY / ".ci/run").read_text()
    install = shlex.split(commands[1])
    assert install[install.index("-c") + 1] == "constraints.txt"
    assert "install -q -c constraints.txt -e '.[dev]'" in script
    assert "-e '.[dev]'" in commands[1]


@pytest.mark.parametrize("arguments", [[], ["{photo}", "{out}"]])
def test_the_example_runs(photo, tmp_path, monkeypatch, capsys, arguments):
    import runpy

    out = tmp_path / "landmarks.jpg"
    given = [a.format(photo=photo, out=out) for a in arguments]
    monkeypatch.setattr("sys.argv", ["image.py", *given])
    monkeypatch.chdir(tmp_path)
    if not given:
        (tmp_path / "examples").mkdir()
        (tmp_path / "examples/astronaut.png").write_bytes(photo.read_bytes())
    runpy.run_path(str(REPOSITORY / "examples/image.py"), run_name="__main__")
    assert out.stat().st_size > 10_000
    assert "score" in capsys.readouterr().out
