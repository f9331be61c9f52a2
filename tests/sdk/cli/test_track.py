"""`lapland track` and `lapland.track`: a video as data."""

import csv
import json
import re

import cv2
import numpy as np
import pytest

from lapland import Detector, ImageError, ImageNotFoundError, track
from lapland.cli.main import main
from tests.blinking import film
from tests.films import VARIABLE, cut
from tests.films import film as film_of

FPS, BLINKS = 10, 2
# By name: `mobile-small` sees none of these two blinks, which is a limit of its weights.
TRACK = ["--threads", "1", "--width", "mobile", "--weights", "open"]


@pytest.fixture(scope="module")
def clip(image, tmp_path_factory):
    """A film of a face that blinks twice."""
    path = tmp_path_factory.mktemp("film") / "clip.avi"
    image = image[:256, 100:356]
    landmarks = Detector(threads=1).predict(image).landmarks[0]
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), FPS, (256, 256))
    for _, frame in film(image, landmarks, fps=FPS, blinks=BLINKS, length=0.3):
        writer.write(frame)
    writer.release()
    return path


def test_lines(clip, tmp_path, capsys):
    out = tmp_path / "clip.jsonl"
    assert main(["track", str(clip), "-o", str(out), "--pose", "--eyes", *TRACK]) == 0
    rows = [json.loads(line) for line in out.read_text().splitlines()]
    assert [row["frame"] for row in rows] == list(range(len(rows)))
    assert rows[5]["time"] == pytest.approx(0.5, abs=1e-3)
    face = rows[5]["faces"][0]
    assert face["id"] == 0
    assert len(face["landmarks"]) == 68
    assert set(face["pose"]) == {"yaw", "pitch", "roll", "radius_90"}
    assert sum(len(row["blinks"]) for row in rows) == BLINKS
    assert f"{len(rows)} frames" in capsys.readouterr().out
    assert not list(tmp_path.glob("*.part*"))


def test_table(clip, tmp_path):
    out = tmp_path / "clip.csv"
    assert main(["track", str(clip), "-o", str(out), "--pose", "--eyes", *TRACK]) == 0
    rows = list(csv.DictReader(out.read_text().splitlines()))
    assert list(rows[0])[:3] == ["frame", "time", "id"]
    assert list(rows[0])[-1] == "y67"
    assert None not in rows[0]
    assert abs(float(rows[-1]["yaw"])) < 10
    assert int(rows[-1]["blinks"]) == BLINKS


def test_wrong_arguments(clip, tmp_path, capsys):
    assert main(["track", str(clip), "-o", str(tmp_path / "clip.txt")]) == 2
    assert ".jsonl or .csv" in capsys.readouterr().err
    assert main(["track", str(tmp_path / "no.mp4"), "-o", str(tmp_path / "a.jsonl")]) == 1
    assert "no.mp4: there is no such file" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())
    with pytest.raises(ImageNotFoundError):
        next(iter(track(tmp_path / "no.mp4")))


@pytest.mark.parametrize("suffix", [".jsonl", ".csv"])
def test_a_film_that_ends_early_is_said_and_what_was_read_is_kept(tmp_path, capsys, suffix):
    whole = film_of(tmp_path / "film.mkv", [i / 30 for i in range(60)])
    out = tmp_path / f"out{suffix}"
    assert main(["track", str(cut(whole)), "-o", str(out), "--threads", "1"]) == 1
    said = capsys.readouterr()
    assert said.out == ""
    words = (
        rf"cut\.mkv: (\d+) of 60 frames could be read; it ends early; .*out{suffix}: \1 frames, "
    )
    count = int(re.search(words, said.err)[1])
    assert len(out.read_text().splitlines()) == (count if suffix == ".jsonl" else 1)
    times = []
    with pytest.raises(ImageError, match="ends early"):
        times.extend(tracked.time for tracked in track(cut(whole)))
    assert len(times) == count


def test_times_in_the_file_are_those_of_the_container(tmp_path):
    source = film_of(tmp_path / "film.webm", np.array(VARIABLE) + 3)
    out = tmp_path / "out.jsonl"
    assert main(["track", str(source), "-o", str(out), "--threads", "1"]) == 0
    times = [json.loads(line)["time"] for line in out.read_text().splitlines()]
    np.testing.assert_allclose(times, VARIABLE, atol=0.001)
