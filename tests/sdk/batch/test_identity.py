"""In a record a photo is known by where it is and by its content, in whatever folder a run is."""

import json
import os
import shutil
from pathlib import Path

import pytest

from lapland import LaplandError
from lapland.batch.record import Record
from lapland.cli.main import main


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def face(image, here):
    import cv2

    cv2.imwrite("face.jpg", image[:260, 90:360])
    cv2.imwrite("wall.jpg", image[:260, 90:360] * 0 + 90)
    return Path("face.jpg")


def predict(*arguments):
    return main(["predict", *map(str, arguments), "--threads", "1"])


def counts(path):
    rows = [json.loads(line) for line in Path(path).read_text().splitlines()]
    return [len(row["faces"]) for row in rows]


def test_the_same_name_in_another_folder(here, face, monkeypatch):
    for folder, photo in (("one", "face.jpg"), ("two", "wall.jpg")):
        (here / folder / "photos").mkdir(parents=True)
        shutil.copy2(photo, here / folder / "photos" / "a.jpg")
        monkeypatch.chdir(here / folder)
        assert predict("photos", "-o", here / "all.jsonl") == 0
        monkeypatch.chdir(here)
    assert counts("all.jsonl") == [1, 0]


def test_another_photo_at_the_same_place(here, face):
    shutil.copy("face.jpg", "x.jpg")
    assert predict("x.jpg", "-o", "x.jsonl") == 0
    shutil.copy("wall.jpg", "x.jpg")
    assert predict("x.jpg", "-o", "x.jsonl") == 0
    assert counts("x.jsonl") == [0]


def test_the_same_photo_from_another_folder(here, face, monkeypatch):
    (here / "one" / "photos").mkdir(parents=True)
    shutil.copy("face.jpg", here / "one" / "photos" / "a.jpg")
    assert predict("one/photos", "-o", here / "o.jsonl") == 0
    before = Path("o.jsonl").read_bytes()
    monkeypatch.chdir(here / "one")
    assert predict("photos", "-o", here / "o.jsonl") == 0
    assert (here / "o.jsonl").read_bytes() == before


def test_pts_files_of_a_photo_that_changed_go(here, face, image):
    import cv2

    two = cv2.hconcat([image[:260, 90:360]] * 2)
    cv2.imwrite("x.jpg", two)
    assert predict("x.jpg", "--pts", "points") == 0
    assert {p.name for p in Path("points").glob("*.pts")} == {"x_1.pts", "x_2.pts"}
    shutil.copy("face.jpg", "x.jpg")
    assert predict("x.jpg", "--pts", "points") == 0
    assert {p.name for p in Path("points").glob("*.pts")} == {"x.pts"}
    assert counts("points/landmarks.jsonl") == [1]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no devices")
def test_a_record_is_a_regular_file(here):
    os.symlink("/dev/zero", "o.jsonl")
    with pytest.raises(LaplandError, match="expected a regular file"):
        Record(Path("o.jsonl"), {}, [])
