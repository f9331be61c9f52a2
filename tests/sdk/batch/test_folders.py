"""A folder's photos are those that are read by name; others are named, or passed over in a word."""

import os
from collections import Counter
from pathlib import Path

import cv2
import numpy as np
import pytest

from lapland.batch.photos import DRAWING, drawing_targets, find_photos, passed_over
from lapland.cli.main import main
from lapland.image.headers import SUFFIXES

PICTURE = np.full((60, 80, 3), 90, np.uint8)
JPEG = cv2.imencode(".jpg", PICTURE)[1].tobytes()


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def put(name, data=JPEG):
    path = Path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def found(*given):
    passed = Counter()
    photos, empty = find_photos(map(Path, given), None, passed)
    return [str(photo) for photo in photos], empty, dict(passed)


def test_every_format_that_is_read_in_any_case(here):
    names = [f"in/a{i}{suffix}" for i, suffix in enumerate(sorted(SUFFIXES))]
    names += [name.upper().replace("IN/", "in/") for name in names]
    for name in names:
        put(name)
    put("in/without")
    put("in/photo.download")
    put("in/b.HEIC", b"\0\0\0\x18ftypheic")
    put("in/c.nef", b"II*\0")
    put("in/notes.txt", b"hello")
    put("in/film.mp4", b"\0\0\0\x18ftypmp42")
    photos, empty, passed = found("in")
    assert photos == sorted([*names, "in/without", "in/photo.download", "in/b.HEIC", "in/c.nef"])
    assert (empty, passed) == ([], {"hidden folder": 0})


def test_what_systems_leave_behind_is_passed_over(here, capsys):
    for name in ("a.jpg", "._a.jpg", ".trashed-1-b.jpg", "@eaDir/a.jpg", ".thumbs/a.jpg"):
        put(f"in/{name}")
    put("in/__MACOSX/x.jpg")
    photos, _, passed = found("in")
    assert photos == ["in/a.jpg"]
    assert passed_over(passed) == "passed over 2 hidden files and 3 hidden folders"
    assert found("in/.thumbs")[0] == ["in/.thumbs/a.jpg"]  # by its name
    assert main(["predict", "in", "-o", "o.jsonl", "--threads", "1"]) == 0
    assert "passed over 2 hidden files and 3 hidden folders" in capsys.readouterr().err


def test_links_to_folders_are_followed_once(here):
    put("away/a.jpg")
    put("in/b.jpg")
    os.symlink(here / "away", "in/link")
    os.symlink(here / "in", "in/round")
    os.symlink(here / "away", "in/once more")
    assert len(found("in")[0]) == 2


def test_wildcards(here):
    for name in ("a.jpg", "b.jpg", "sub/c.jpg", "odd[1].jpg"):
        put(name)
    assert found("[ab].jpg")[0] == ["a.jpg", "b.jpg"]
    assert found("**/c*.jpg")[0] == ["sub/c.jpg"]
    assert found("odd[1].jpg")[0] == ["odd[1].jpg"]
    assert found("none*.jpg")[0] == ["none*.jpg"]


def test_an_empty_name_is_no_folder(here, capsys):
    put("a.jpg")
    with pytest.raises(SystemExit) as caught:
        main(["predict", ""])
    assert caught.value.code == 2
    assert "found an empty name" in capsys.readouterr().err
    assert os.listdir() == ["a.jpg"]


def test_only_drawings_of_lapland_are_replaced(here):
    put("a.jpg")
    put("drawn/a_landmarks.jpg", b"the user's own")
    put("drawn/b_landmarks.jpg", JPEG[:2] + DRAWING + JPEG[2:])
    targets = drawing_targets([Path("a.jpg"), Path("b.jpg")], Path("drawn"), True)
    assert [str(path) for path in targets.values()] == [
        "drawn/a_2_landmarks.jpg",
        "drawn/b_landmarks.jpg",
    ]
    for _ in range(2):
        assert main(["predict", "a.jpg", "-o", "drawn", "--threads", "1"]) == 0
    assert Path("drawn/a_landmarks.jpg").read_bytes() == b"the user's own"
    assert sorted(os.listdir("drawn")) == [
        "a_2_landmarks.jpg",
        "a_landmarks.jpg",
        "b_landmarks.jpg",
    ]
    assert cv2.imread("drawn/a_2_landmarks.jpg").shape == PICTURE.shape
