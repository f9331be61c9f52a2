"""`lapland track` and `lapland.track`: a video as data."""

import csv
import json

import cv2
import pytest

from lapland import Detector, ImageNotFoundError, track
from lapland.cli.main import main
from tests.blinking import film

FPS, BLINKS = 10, 2


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    """A film of a face that blinks twice."""
    path = tmp_path_factory.mktemp("film") / "clip.avi"
    image = cv2.imread("examples/astronaut.png")[:256, 100:356].copy()
    landmarks = Detector(threads=1).predict(image).landmarks[0]
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), FPS, (256, 256))
    for _, frame in film(image, landmarks, fps=FPS, blinks=BLINKS, length=0.3):
        writer.write(frame)
    writer.release()
    return path


def test_lines(clip, tmp_path, capsys):
    out = tmp_path / "clip.jsonl"
    assert main(["track", str(clip), "-o", str(out), "--pose", "--eyes", "--threads", "1"]) == 0
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
    assert main(["track", str(clip), "-o", str(out), "--pose", "--eyes", "--threads", "1"]) == 0
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
    assert not list(tmp_path.iterdir())
    with pytest.raises(ImageNotFoundError):
        next(iter(track(tmp_path / "no.mp4")))
