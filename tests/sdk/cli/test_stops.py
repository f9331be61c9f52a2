"""SIGTERM, SIGHUP and Ctrl-C: what is done is kept, and the exit status tells of it."""

import json
import os
import signal

import cv2
import numpy as np
import pytest

from lapland import Detector, Tracker
from lapland.cli.main import main
from lapland.footage.recording import part_of
from tests.films import read_video, write_video

pytestmark = [
    pytest.mark.skipif(os.name != "posix", reason="signals of POSIX"),
    pytest.mark.usefixtures("heeded"),
]

FRAMES, DONE = 20, 6
SIGNALS = [signal.SIGTERM, signal.SIGHUP, signal.SIGINT]


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A folder with a film and photos, as the working folder."""
    monkeypatch.chdir(tmp_path)
    write_video(tmp_path / "film.avi", [np.full((48, 64, 3), 9 * i, np.uint8) for i in range(20)])
    (tmp_path / "photos").mkdir()
    for name in "abcd":
        cv2.imwrite(f"photos/{name}.png", np.full((48, 64, 3), 100, np.uint8))
    return tmp_path


@pytest.fixture
def stopping(monkeypatch):
    """Sends a signal after so many frames or photos."""

    def after(count, number):
        def stopped(do):
            left = iter(range(count))

            def call(*args, **kwargs):
                if next(left, None) is None:
                    signal.raise_signal(number)
                return do(*args, **kwargs)

            return call

        for owner, name in ((Detector, "predict"), (Tracker, "update")):
            monkeypatch.setattr(owner, name, stopped(getattr(owner, name)))

    return after


@pytest.mark.parametrize("number", SIGNALS)
def test_what_was_tracked_is_kept(here, stopping, capsys, number):
    stopping(DONE, number)
    assert main(["track", "film.avi", "-o", "out.jsonl", "--threads", "1"]) == 128 + number
    assert capsys.readouterr().err == "lapland: stopped; out.jsonl: 6 frames, 0 faces\n"
    rows = [json.loads(line) for line in (here / "out.jsonl").read_text().splitlines()]
    assert [row["frame"] for row in rows] == list(range(DONE))


def test_stopped_before_the_first_frame_the_old_file_stays(here, stopping):
    (here / "out.jsonl").write_text("old")
    stopping(0, signal.SIGTERM)
    assert main(["track", "film.avi", "-o", "out.jsonl", "--threads", "1"]) == 143
    assert (here / "out.jsonl").read_text() == "old"
    assert not list(here.glob(".lapland*"))


@pytest.mark.parametrize("number", SIGNALS)
def test_a_recording_is_completed(here, stopping, capsys, number):
    stopping(DONE, number)
    arguments = ["webcam", "--source", "film.avi", "--no-window", "--record", "out.mp4"]
    code = main([*arguments, "--threads", "1"])
    assert code == (0 if number == signal.SIGINT else 128 + number)  # Ctrl-C is how one ends it
    said = capsys.readouterr()
    words = said.out if number == signal.SIGINT else said.err.removeprefix("lapland: stopped; ")
    assert words.startswith("6 frames, 0 faces")
    assert len(read_video(here / "out.mp4")[0]) == DONE


@pytest.mark.parametrize("number", SIGNALS)
def test_half_a_copy_has_not_its_name(here, stopping, capsys, number):
    stopping(12, number)
    code = main(["blur", "film.avi", "-o", "out.mp4", "--threads", "1", "--detector", "mtcnn"])
    assert code == 128 + number
    part = part_of(here / "out.mp4").name
    said = f"lapland: film.avi: stopped after 8 frames; they are in {part}\n"
    assert capsys.readouterr().err == said
    assert not (here / "out.mp4").exists()
    assert len(read_video(part)[0]) == 8


@pytest.mark.parametrize("number", SIGNALS)
def test_lines_go_on_where_they_stopped(here, stopping, capsys, monkeypatch, number):
    arguments = ["predict", "photos", "-o", "out.jsonl", "--threads", "1"]
    with monkeypatch.context():
        stopping(2, number)
        assert main(arguments) == 128 + number
    monkeypatch.undo()
    monkeypatch.chdir(here)
    assert capsys.readouterr().err == "lapland: stopped; the same command goes on from here\n"
    assert len((here / "out.jsonl").read_text().splitlines()) == 2
    assert main(arguments) == 0
    assert "4 photos (2 of them before)" in capsys.readouterr().out


def test_signals_are_as_before_and_one_that_is_ignored_stays_so(here, stopping):
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)  # as nohup does
    try:
        stopping(DONE, signal.SIGHUP)
        assert main(["track", "film.avi", "-o", "out.jsonl", "--threads", "1"]) == 0
        assert signal.getsignal(signal.SIGHUP) == signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)
    assert len((here / "out.jsonl").read_text().splitlines()) == FRAMES
    assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL
