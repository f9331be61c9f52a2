"""Commands work without standard streams, and say in a line that the disk is full."""

import io
import os
import subprocess
import sys
from pathlib import Path

import pytest

from lapland.cli.main import main
from tests.processes import PATIENCE


@pytest.fixture
def small(tmp_path, monkeypatch, image):
    import cv2

    monkeypatch.chdir(tmp_path)
    cv2.imwrite("a.png", image[:260, 90:360])
    return "a.png"


class Bare:
    """An object that can do nothing but write, as programs put in the place of a stream."""

    def write(self, text):
        return len(text)


def closed():
    stream = io.StringIO()
    stream.close()
    return stream


@pytest.mark.parametrize(
    "stream", [lambda: None, Bare, closed, io.StringIO], ids=["none", "bare", "closed", "text"]
)
def test_streams_that_are_none_closed_or_bare(small, monkeypatch, stream):
    monkeypatch.setattr(sys, "stdout", stream())
    monkeypatch.setattr(sys, "stderr", stream())
    assert main(["predict", small, "-o", "o.jsonl", "--threads", "1"]) == 0
    assert len(Path("o.jsonl").read_text().splitlines()) == 1
    assert main(["models"]) == 0
    assert main(["predict", "none.jpg"]) == 1


def run(arguments, redirections):
    command = f"'{sys.executable}' -m lapland {arguments} {redirections}"
    return subprocess.run(
        ["/bin/sh", "-c", command], capture_output=True, text=True, timeout=PATIENCE, check=False
    )


@pytest.mark.skipif(os.name != "posix", reason="a shell of POSIX")
@pytest.mark.parametrize("redirections", ["2>&-", ">&- 2>&-", "<&- >&- 2>&-"])
def test_a_shell_that_closed_them(small, redirections):
    done = run(f"predict {small} -o o.jsonl --threads 1", redirections)
    assert done.returncode == 0
    assert Path("o.jsonl").read_text().count('{"photo": ') == 1
    assert "Traceback" not in done.stderr


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no device that is always full")
@pytest.mark.parametrize("command", ["predict a.png --json --threads 1", "models"])
def test_a_full_disk(small, command):
    done = run(command, "> /dev/full")
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith(
        "lapland: the output cannot be written (No space"
    )
    assert "Traceback" not in done.stderr


@pytest.mark.skipif(os.name != "posix", reason="a shell of POSIX")
def test_a_photo_from_the_standard_input(small):
    done = run("predict - --json --threads 1", f"< {small}")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith('{"photo": "-", ')
    done = run("predict - --json --jobs 2", f"< {small}")
    assert done.returncode == 2
    assert "expected no --jobs" in done.stderr
