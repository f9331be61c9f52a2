"""The commit of the repository, for files of results."""

import subprocess
from pathlib import Path

from ..networks.folders import PACKAGE


def commit(root: Path = PACKAGE.parents[1]) -> str | None:
    """The commit of a repository, `-dirty` if package or models differ from it.

    Args:
        root: folder of the repository.

    Returns:
        12 digits; None for an installed package, which has no repository, and without git.
    """
    if not (root / ".git").exists():
        return None
    head = git(root, "rev-parse", "--short=12", "HEAD")
    return f"{head}-dirty" if head and git(root, "diff", "HEAD", "--", "sdk", "models") else head


def git(root: Path, *arguments: str) -> str | None:
    """The output of git in a folder; None if it fails, prints nothing, or is not installed."""
    command = ["git", "-C", str(root), *arguments]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError:
        return None
    return done.stdout.strip() or None
