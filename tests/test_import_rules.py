"""Who may import whom, held by the linter: a wrong import in a copy of the tree is found."""

import shutil
import subprocess
import sys

import pytest

from training.common.paths import REPOSITORY

pytest.importorskip("ruff", reason="the linter is an extra")


@pytest.mark.parametrize("line", ["import torch", "from training import rcn", "import onnx"])
def test_the_linter_refuses_it_in_the_installed_package(tmp_path, line):
    folder = tmp_path / "sdk/lapland"
    folder.mkdir(parents=True)
    shutil.copy(REPOSITORY / "pyproject.toml", tmp_path)
    (folder / "_module.py").write_text(f'"""A module."""\n\n{line}\n')
    done = subprocess.run(
        [sys.executable, "-m", "ruff", "check", "--no-cache", "."],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "TID251" in done.stdout
