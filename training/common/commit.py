"""The commit of the tree, for checkpoints and cards."""

from lapland.measure.commit import git
from training.common.paths import REPOSITORY


def commit() -> str:
    """The last commit of the files that decide a run's result, with `+` if they differ from it.

    "unknown" without git.
    """
    decisive = ["training", "sdk/lapland/crop", "sdk/lapland/schemes"]
    last = git(REPOSITORY, "log", "-1", "--format=%h", "--abbrev=12", "--", *decisive)
    if last is None:
        return "unknown"
    return last + ("+" if git(REPOSITORY, "status", "--porcelain", "--", *decisive) else "")
