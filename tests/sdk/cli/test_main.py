"""The command `lapland`."""

import os
import subprocess
import sys

import pytest

import lapland
from lapland.cli.main import main
from tests.photos import put
from tests.processes import PATIENCE


def test_names_that_the_terminal_cannot_show(here, small):
    put(here / "写真.png", small)
    put(here / "a.png", small)
    done = subprocess.run(
        [sys.executable, "-m", "lapland", "predict", str(here)],
        capture_output=True,
        env=os.environ | {"PYTHONIOENCODING": "cp1252"},
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert b"\\u5199\\u771f.png: 1 face" in done.stdout
    assert b"a.png: 1 face" in done.stdout


@pytest.mark.parametrize(
    "arguments", [[], ["predict"], ["predict", "a.jpg", "--min-face", "x"], ["find", "a.jpg"]]
)
def test_arguments_that_make_no_sense(arguments, capsys):
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2
    assert "usage: lapland" in capsys.readouterr().err


def test_version(capsys):
    with pytest.raises(SystemExit) as caught:
        main(["--version"])
    assert caught.value.code == 0
    assert capsys.readouterr().out == f"lapland {lapland.__version__}\n"


def test_as_a_program(here, small):
    photo = put(here / "ann.png", small)
    done = subprocess.run(
        [sys.executable, "-W", "error", "-m", "lapland", "predict", photo, "none.jpg"],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    assert done.returncode == 1
    assert done.stdout == f"{photo}: 1 face, drawn in ann_landmarks.jpg\n"
    assert done.stderr == "lapland: none.jpg: there is no such file\n"


def test_a_reader_that_goes_away_is_no_error(here, small):
    photos = [put(here / f"{i}.png", small) for i in range(4)]
    done = subprocess.run(
        f"{sys.executable} -m lapland predict --json --threads 1 {' '.join(photos)} | head -c 10",
        shell=True,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    assert done.stdout == '{"photo": '
    assert done.stderr == ""
