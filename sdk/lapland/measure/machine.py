"""The machine that something was measured on: processor, versions, and what else it does."""

import os
import platform
import subprocess
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from .. import __version__
from ..networks.index import PACKAGE
from ..networks.session import RUNTIME_VERSION

BUSY = 0.1  # cores at work for others, from which on times are in doubt


def header(command: str) -> dict[str, Any]:
    """What stands at the head of every file of results, and says where they come from.

    Args:
        command: what measured them.
    """
    return {
        "command": command,
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": commit(),
        "cpu": processor(),
        "cores": os.cpu_count(),
        "load": load(),
        "os": f"{platform.system()} {platform.release()} {platform.machine()}",
        "versions": versions(),
    }


def processor() -> str:
    """The processor's name, as far as the system tells it."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def versions() -> dict[str, str]:
    """Of lapland, of what it stands on, and of Python."""
    return {
        "lapland": __version__,
        "onnxruntime": RUNTIME_VERSION,
        "opencv": cv2.__version__,
        "numpy": np.__version__,
        "python": platform.python_version(),
    }


def commit() -> str | None:
    """Of the repository; with `-dirty` where the package or the models differ from it; or None."""
    root = PACKAGE.parents[1]
    if not (root / ".git").exists():  # an installed package
        return None
    head = _git(root, "rev-parse", "--short=12", "HEAD")
    return f"{head}-dirty" if head and _git(root, "diff", "HEAD", "--", "sdk", "models") else head


def _git(root: Path, *arguments: str) -> str | None:
    command = ["git", "-C", str(root), *arguments]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError:  # there is none
        return None
    return done.stdout.strip() or None


def load() -> float | None:
    """Processes that want to run, mean of the last minute; None where the system does not tell."""
    return round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None


@dataclass(frozen=True)
class Moment:
    """What the processor had done when `now` was called.

    Attributes:
        clock: seconds.
        all: seconds of its cores at work, for whomever; None where the system does not tell.
        own: of these, seconds for this process.
    """

    clock: float
    all: float | None
    own: float


def now() -> Moment:
    """The state of this moment; two of them tell what others did between."""
    return Moment(time.monotonic(), _worked(), time.process_time())


def others(since: Moment, until: Moment) -> float | None:
    """Cores that were at work for others between two moments; None where it is not known."""
    passed = until.clock - since.clock
    if since.all is None or until.all is None or passed <= 0:
        return None
    return max(0.0, (until.all - since.all - (until.own - since.own)) / passed)


def _worked() -> float | None:
    """Seconds of all cores at work since the start of the system."""
    try:
        fields = Path("/proc/stat").read_text(encoding="utf-8").splitlines()[0].split()
        ticks = [int(field) for field in fields[1:9]]
        user, nice, system, _idle, _wait, irq, softirq, steal = ticks
    except (OSError, ValueError, IndexError):
        return None
    return (user + nice + system + irq + softirq + steal) / os.sysconf("SC_CLK_TCK")
