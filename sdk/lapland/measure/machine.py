"""The machine of a measurement: processor, versions, and its load by other processes."""

import os
import platform
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from .. import __version__
from ..networks.session import RUNTIME_VERSION
from .commit import commit

# Instructions -> their number in OpenCV's `CpuFeatures`, from the fastest in int8 to the slowest.
_INSTRUCTIONS = {
    "AVX-512 with VNNI": 23,
    "AVX-512": 13,
    "AVX2": 11,
    "SSE4.2": 7,
    "Neon with dot products": 101,
    "Neon": 100,
}
BUSY = 0.1  # cores at work for others; from here on, times are in doubt


def header(command: str) -> dict[str, Any]:
    """The header of every file of results: command, date, commit, machine and versions.

    Args:
        command: the command that measured them.
    """
    return {
        "command": command,
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": commit(),
        "cpu": processor(),
        "cores": os.cpu_count(),
        "instructions": instructions(),
        "load": load(),
        "os": f"{platform.system()} {platform.release()} {platform.machine()}",
        "versions": versions(),
    }


def processor() -> str:
    """The processor's name, if the system has it."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def instructions() -> str:
    """The widest instructions of the processor, "AVX2" or "AVX-512 with VNNI".

    VNNI and dot products decide how much int8 gains.
    """
    known = (name for name, number in _INSTRUCTIONS.items() if cv2.checkHardwareSupport(number))
    found = next(known, platform.machine())
    if found == "AVX2" and "avx_vnni" in _flags():  # OpenCV does not know it
        return "AVX2 with VNNI"
    return found


def _flags() -> set[str]:
    """The features of the processor as Linux names them; empty on other systems."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return set()
    return next((set(line.split()) for line in lines if line.startswith("flags")), set())


def versions() -> dict[str, str]:
    """Versions of lapland, of its dependencies, and of Python."""
    return {
        "lapland": __version__,
        "onnxruntime": RUNTIME_VERSION,
        "opencv": cv2.__version__,
        "numpy": np.__version__,
        "python": platform.python_version(),
    }


def load() -> float | None:
    """Processes that want to run, mean of the last minute; None if the system has no figure."""
    return round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None


@dataclass(frozen=True)
class Moment:
    """The work of the processor until `now` was called.

    Attributes:
        clock: seconds.
        all: seconds of its cores at work for all processes; None if the system has no figure.
        own: seconds for this process among them.
    """

    clock: float
    all: float | None
    own: float


def now() -> Moment:
    """The state of this moment; `others` compares two of them."""
    return Moment(time.monotonic(), _worked(), time.process_time())


def others(since: Moment, until: Moment) -> float | None:
    """Cores at work for other processes between two moments; None if not known."""
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
