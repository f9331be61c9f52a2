"""The photo that benchmarks take, the core they keep to, the memory they use."""

import os
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from lapland.measure import timer
from training.common.paths import REPOSITORY

PHOTO = REPOSITORY / "examples" / "astronaut.png"


def read_photo(path: Path, program: str) -> NDArray[np.uint8]:
    """(H, W, 3) BGR; ends the program, in its name, if the file is no image."""
    image = cv2.imread(str(path))
    if image is None:
        raise SystemExit(f"{program}: {path} is no image that OpenCV reads")
    return image


def keep_to_one_core() -> bool:
    """Binds this process and those it starts to one core, if the system can."""
    if not hasattr(os, "sched_setaffinity"):
        return False
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    return True


def resident_mb() -> float:
    """Memory of this process that is in RAM now, MB; NaN if the system has no figure."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except OSError:
        return float("nan")
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def summary(times: Sequence[float]) -> dict[str, float]:
    """Median and 95th percentile of some times, in their unit."""
    summed = timer.summary(times)
    return {"median": summed.median, "p95": summed.p95}
