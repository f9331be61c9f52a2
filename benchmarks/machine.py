"""What every benchmark says of the machine, the photo it takes, how it sums up its times."""

import json
import os
import platform
import subprocess
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

import lapland
from training.files import write_whole

PHOTO = Path(__file__).resolve().parents[1] / "examples" / "astronaut.png"


def read_photo(path: Path, program: str) -> NDArray[np.uint8]:
    """(H, W, 3) BGR; ends the program, in its name, where the file is no image."""
    image = cv2.imread(str(path))
    if image is None:
        raise SystemExit(f"{program}: {path} is no image that OpenCV reads")
    return image


def processor() -> str:
    """The processor's name, as far as the system tells it."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return f"{names[0] if names else platform.machine()}, {os.cpu_count()} cores"


def header(command: str) -> dict[str, Any]:
    """What stands at the head of a file of results, and says where they come from."""
    ask = ["git", "describe", "--always", "--dirty", "--abbrev=12", "--exclude=*"]
    commit = subprocess.run(ask, cwd=PHOTO.parent, capture_output=True, text=True, check=False)
    return {
        "command": command,
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": commit.stdout.strip() or None,
        "cpu": processor(),
        "load": load(),
        "versions": {
            "lapland": lapland.__version__,
            "onnxruntime": version("onnxruntime"),
            "opencv": cv2.__version__,
            "numpy": np.__version__,
            "python": platform.python_version(),
        },
    }


def write_json(path: Path, record: Any) -> None:
    """Writes figures as JSON."""
    text = json.dumps(record, indent=1) + "\n"
    write_whole(path, lambda part: part.write_text(text, "utf-8"))


def load() -> float:
    """Processes that want to run, mean of the last minute; NaN where the system does not tell."""
    return os.getloadavg()[0] if hasattr(os, "getloadavg") else float("nan")


def keep_to_one_core() -> bool:
    """Binds this process and those it starts to one core, where the system can."""
    if not hasattr(os, "sched_setaffinity"):
        return False
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    return True


def resident_mb() -> float:
    """Memory of this process that is in RAM now, MB; NaN where the system does not tell."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except OSError:
        return float("nan")
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def summary(times: Sequence[float]) -> dict[str, float]:
    """Median and 95th percentile of some times, in their unit."""
    return {"median": float(np.median(times)), "p95": float(np.percentile(times, 95))}
