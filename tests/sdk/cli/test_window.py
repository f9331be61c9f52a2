"""A window of OpenCV, and the errors if none can be shown."""

import os
import subprocess
import sys

import cv2
import numpy as np
import pytest

from lapland import LaplandError
from lapland.cli import webcam
from lapland.cli.view import Settings
from lapland.options import DetectorOptions
from tests.films import read_video, write_video
from tests.processes import PATIENCE
from tests.videos import video

RUN = [sys.executable, "-W", "error", "-m", "lapland", "webcam", "--threads", "1"]
QUICK = DetectorOptions(threads=1)


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    """Ten frames of a pan, 320 x 240, 25 a second."""
    small = [cv2.resize(f.image, (320, 240)) for f in video("pan", 50)[:10]]
    return write_video(tmp_path_factory.mktemp("clip") / "clip.avi", small)


def environment(**changes):
    kept = {k: v for k, v in os.environ.items() if k not in ("DISPLAY", "WAYLAND_DISPLAY")}
    return kept | changes


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="screens are found out on Linux")
@pytest.mark.parametrize("display", [{}, {"DISPLAY": ":4321"}])
def test_without_a_screen_it_says_what_to_do(clip, display):
    done = subprocess.run(
        [*RUN, "--source", str(clip)],
        env=environment(**display),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.startswith("lapland: no window can be shown: ")
    assert "--no-window --record OUT.mp4" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_an_opencv_without_windows_is_noticed(clip, monkeypatch):
    built = "\n  GUI:                           NONE\n    GTK+:                        NO\n"
    monkeypatch.setattr(cv2, "getBuildInformation", lambda: built)
    with pytest.raises(LaplandError, match="opencv-python-headless"):
        webcam.show(Settings(str(clip), detector=QUICK))


PROGRAM = """
import sys, time, cv2
from lapland.__main__ import main
clip, screen, saved, ending, *keys = sys.argv[1:]
wait, calls = cv2.waitKey, []
def pressed(delay):
    wait(delay)
    calls.append(delay)
    if len(calls) == 4:  # what is on the screen now
        for _ in range(40):
            wait(50)
            shown = open(screen, "rb").read()
            if len(set(shown[-800 * 600 * 4 :])) > 100:  # no longer black but for the pointer
                break
        open(saved, "wb").write(shown)
    if len(calls) == 7 and ending == "close":
        cv2.destroyWindow("lapland")
        return -1
    if 4 < len(calls) <= 4 + len(keys):
        return ord(keys[len(calls) - 5])
    return -1
cv2.waitKey = pressed
sys.exit(main(["webcam", "--source", clip, "--threads", "1", "--record", saved + ".avi"]))
"""


@pytest.mark.parametrize(("ending", "frames"), [("keys", 8), ("close", 7), ("file", 10)])
def test_a_window_shows_the_picture_and_ends_well(clip, screen, tmp_path, ending, frames):
    display, framebuffer = screen
    saved = tmp_path / "screen"
    keys = ["s", "d", "h", "q"] if ending == "keys" else []
    for _ in range(5):  # Qt without a window manager: now and then it never draws
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM, str(clip), str(framebuffer), str(saved), ending, *keys],
            env=environment(DISPLAY=display),
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE,
        )
        assert done.returncode == 0, done.stderr
        assert done.stdout.startswith(f"{frames} frames, 1 face")
        recorded = read_video(f"{saved}.avi")[0]
        assert len(recorded) == frames
        shown = np.frombuffer(saved.read_bytes()[-800 * 600 * 4 :], np.uint8).reshape(600, 800, 4)
        if shown.any():
            break
    # The window is somewhere on the screen, and in it the picture as it was recorded.
    fit = cv2.matchTemplate(
        np.ascontiguousarray(shown[..., :3]), recorded[3][20:-30], cv2.TM_CCOEFF_NORMED
    )
    assert fit.max() > 0.95
