"""PyInstaller finds the package's hooks by an entry point."""

import tomllib
from pathlib import Path

from lapland.freezing.folders import hook_folders

ROOT = Path(__file__).resolve().parents[3]


def test_the_folder_holds_the_hook_of_the_package():
    (folder,) = hook_folders()
    hook = Path(folder) / "hook-lapland.py"
    assert 'collect_data_files("lapland")' in hook.read_text()


def test_the_entry_point_names_the_function():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["entry-points"]["pyinstaller40"] == {
        "hook-dirs": "lapland.freezing.folders:hook_folders"
    }
