"""The folder of PyInstaller's hooks, which it finds by an entry point of the package."""

from pathlib import Path


def hook_folders() -> list[str]:
    """The folders of hooks."""
    return [str(Path(__file__).parent)]
