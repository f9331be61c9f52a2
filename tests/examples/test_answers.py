"""The short examples: each under 40 lines, and run."""

import runpy
import sys

import cv2
import pytest

from lapland import Detector
from tests.blinking import film
from training.common.paths import REPOSITORY

FOLDER = REPOSITORY / "examples"
NAMES = ("drowsiness", "head_pose", "chips", "blurred")


def run(name, *arguments, monkeypatch):
    monkeypatch.setattr(sys, "argv", [name, *map(str, arguments)])
    runpy.run_path(str(FOLDER / f"{name}.py"), run_name="__main__")


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    """One blink, then eyes that stay shut."""
    path = tmp_path_factory.mktemp("film") / "clip.avi"
    image = cv2.imread(str(FOLDER / "astronaut.png"))[:256, 100:356].copy()
    landmarks = Detector(threads=1).predict(image).landmarks[0]
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 10, (256, 256))
    frames = [frame for _, frame in film(image, landmarks, fps=10, blinks=1, length=0.3)]
    for frame in [*frames, *[frames[8]] * 14]:
        writer.write(frame)
    writer.release()
    return path


@pytest.mark.parametrize("name", NAMES)
def test_each_is_short(name):
    assert len((FOLDER / f"{name}.py").read_text(encoding="utf-8").splitlines()) < 40


@pytest.mark.parametrize("name", ["chips", "blurred", "strip", "enlarged"])
def test_without_arguments_it_says_how_it_is_called(name, monkeypatch):
    with pytest.raises(SystemExit, match=rf"python examples/{name}\.py "):
        run(name, monkeypatch=monkeypatch)


def test_drowsiness(clip, capsys, monkeypatch):
    run("drowsiness", clip, monkeypatch=monkeypatch)
    printed = capsys.readouterr().out
    assert printed.count("blinked") == 1
    assert printed.count("eyes shut") == 1


def test_head_pose(clip, capsys, monkeypatch):
    run("head_pose", clip, "--text", monkeypatch=monkeypatch)
    assert "face 0: yaw" in capsys.readouterr().out


def test_chips(tmp_path, capsys, monkeypatch):
    (tmp_path / "photos").mkdir()
    photo = FOLDER / "astronaut.png"
    (tmp_path / "photos" / "a.png").write_bytes(photo.read_bytes())
    (tmp_path / "photos" / "b.jpg").write_bytes(b"none")
    run("chips", tmp_path / "photos", tmp_path / "out", monkeypatch=monkeypatch)
    assert cv2.imread(str(tmp_path / "out" / "a_0.png")).shape == (112, 112, 3)
    assert "b.jpg" in capsys.readouterr().err


def test_blurred(tmp_path, capsys, monkeypatch):
    run("blurred", FOLDER / "astronaut.png", tmp_path / "out.png", monkeypatch=monkeypatch)
    assert " faces pixelated" in capsys.readouterr().out  # places that may be a face count, too
    assert len(Detector(threads=1).predict(tmp_path / "out.png")) == 0
