"""The commit of the tree, for checkpoints and cards."""

import subprocess

from training.common.paths import REPOSITORY


def commit() -> str:
    """The last commit of the files that decide a run's result, with `+` if they differ from it.

    "unknown" without git.
    """
    decisive = ["training", "sdk/lapland/crop", "sdk/lapland/schemes"]
    try:
        last = _git("log", "-1", "--format=%h", "--abbrev=12", "--", *decisive)
        changed = _git("status", "--porcelain", "--", *decisive)
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return last + ("+" if changed else "")


def _git(*arguments: str) -> str:
    done = subprocess.run(
        ["git", *arguments], cwd=REPOSITORY, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()
