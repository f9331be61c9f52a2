"""A window of OpenCV, with a clear error if none can be shown."""

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator

import cv2

from ..base.errors import LaplandError

TITLE = "lapland"


@contextlib.contextmanager
def window() -> Iterator[None]:
    """A window, until the block ends.

    Raises:
        LaplandError: there is no screen, or this OpenCV has no windows.
    """
    problem = _why_no_window()
    if problem:
        raise LaplandError(
            f"no window can be shown: {problem}; use --no-window --record OUT.mp4, and look at that"
        )
    # OpenCV's Qt asks for a folder of fonts that it does not bring, and says so for each window.
    os.environ.setdefault("QT_LOGGING_RULES", "default.warning=false")
    cv2.namedWindow(TITLE, cv2.WINDOW_AUTOSIZE | cv2.WINDOW_GUI_NORMAL)
    try:
        yield
    finally:
        cv2.destroyAllWindows()
        cv2.waitKey(1)  # some systems close it only when events are handled


def is_open() -> bool:
    """Whether the user has not closed it."""
    try:
        return cv2.getWindowProperty(TITLE, cv2.WND_PROP_VISIBLE) >= 1
    except cv2.error:
        return False


def _why_no_window() -> str | None:
    """Why OpenCV cannot show a window, None if it can."""
    lines = [line.split(":", 1) for line in cv2.getBuildInformation().splitlines()]
    if any(len(line) == 2 and line[0].strip() == "GUI" and "NONE" in line[1] for line in lines):
        return (
            "this OpenCV has no windows (opencv-python-headless); `pip install --force-reinstall "
            "--no-deps opencv-python` brings one that has them"
        )
    if not sys.platform.startswith("linux"):
        return None
    if not os.environ.get("DISPLAY") and not os.environ.get("WAYLAND_DISPLAY"):
        return "there is no screen (neither DISPLAY nor WAYLAND_DISPLAY is set)"
    # If the screen cannot be reached, the toolkit ends the process. Let it end another one.
    program = "import cv2; cv2.namedWindow('lapland')"
    tried = subprocess.run([sys.executable, "-c", program], capture_output=True, check=False)
    if tried.returncode:
        return f"the screen {os.environ.get('DISPLAY') or ''} cannot be used".replace("  ", " ")
    return None
