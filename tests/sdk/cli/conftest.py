"""A working folder, a small photo, and a screen."""

import os
import re
import shutil
import subprocess

import cv2
import numpy as np
import pytest


@pytest.fixture
def here(tmp_path, monkeypatch):
    """An empty working folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def small(image):
    """The face alone, which is quick."""
    return np.ascontiguousarray(image[30:210, 130:320])


@pytest.fixture(scope="module")
def screen(tmp_path_factory):
    """A screen of 800 x 600 that nobody sees: its number, and the file with what is on it."""
    if shutil.which("Xvfb") is None:
        pytest.skip("Xvfb is not installed: apt-get install xvfb")
    if re.search(r"GUI:\s*NONE", cv2.getBuildInformation()):
        pytest.skip("opencv-python-headless has no windows")
    folder = tmp_path_factory.mktemp("screen")
    read, write = os.pipe()
    server = subprocess.Popen(
        [
            "Xvfb",
            "-displayfd",
            str(write),
            "-noreset",
            "-screen",
            "0",
            "800x600x24",
            "-fbdir",
            str(folder),
        ],
        pass_fds=[write],
        stderr=subprocess.DEVNULL,
    )
    os.close(write)
    with os.fdopen(read) as pipe:
        number = pipe.readline().strip()
    yield f":{number}", folder / "Xvfb_screen0"
    server.terminate()
    server.wait()
