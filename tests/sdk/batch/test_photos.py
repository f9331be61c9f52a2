"""Which files are photos, and what the files are called that are made of them."""

import os
from collections import Counter
from pathlib import Path

import pytest

from lapland import OptionError
from lapland.batch.photos import check_out, drawing_targets, find_photos, is_lines, pts_names


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def touch(*names):
    for name in names:
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).touch()


def test_folders_are_walked_and_each_photo_is_found_once(here):
    touch(
        "trip/b.jpg", "trip/day/a.PNG", "trip/a_landmarks.jpg", "trip/notes.txt", "trip/写真.webp"
    )
    photos, empty = find_photos([Path("trip"), here / "trip" / "b.jpg", Path("./trip/day")], None)
    assert list(map(str, photos)) == ["trip/b.jpg", "trip/day/a.PNG", "trip/写真.webp"]
    assert set(photos.values()) == {Path("trip")}
    assert empty == []


def test_folders_without_photos_are_told_and_files_are_taken_as_given(here):
    touch("none/notes.txt")
    photos, empty = find_photos([Path("none"), Path("x.dat"), Path("gone.jpg")], None)
    assert photos == {Path("x.dat"): Path(), Path("gone.jpg"): Path()}
    assert empty == [Path("none")]


@pytest.mark.skipif(os.name == "nt", reason="links need rights")
@pytest.mark.parametrize("given", [["trip", "trip/day"], ["trip/day", "trip"], ["again", "trip"]])
def test_a_folder_that_links_lead_to_is_searched_once(here, given):
    touch("trip/a.jpg", "trip/day/b.jpg")
    os.symlink("..", "trip/day/loop")
    os.symlink("trip", "again")
    photos, empty = find_photos([Path(name) for name in given], None)
    assert sorted(path.name for path in photos) == ["a.jpg", "b.jpg"]
    assert empty == []


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="has no pipes")
def test_links_to_nothing_and_pipes_are_counted(here):
    touch("trip/a.jpg")
    os.symlink("gone.jpg", "trip/b.jpg")
    os.mkfifo("trip/c.jpg")
    passed = Counter()
    photos, _ = find_photos([Path("trip")], None, passed)
    assert list(map(str, photos)) == ["trip/a.jpg"]
    assert +passed == {"broken link": 1, "special file": 1}


def names(photos, taken=()):
    return {str(p): name for p, name in pts_names(photos, taken).items()}


def found(*photos, folder="in"):
    return {Path(folder, photo): Path(folder) for photo in photos}


def test_pts_names_keep_sub_folders():
    assert names(found("a.jpg", "x/a.jpg", "y/x/a.b.png")) == {
        "in/a.jpg": ("a", "a"),
        "in/x/a.jpg": ("x/a", "x/a"),
        "in/y/x/a.b.png": ("y/x/a.b", "y/x/a.b"),
    }


def test_equal_names_are_numbered():
    photos = found("a.jpg", "a.png", "a_2.png") | found("a.jpg", folder="other")
    assert names(photos) == {
        "in/a.jpg": ("a", "a_face"),
        "in/a.png": ("a_2", "a_2_face"),  # a_2_2 is taken by the next
        "in/a_2.png": ("a_2_2", "a_2_2"),
        "other/a.jpg": ("a_3", "a_3"),
    }


def test_numbers_of_faces_never_meet_the_name_of_a_photo():
    photos = found("a.jpg", "a_1.jpg", "a_face_7.jpg", "b.jpg")
    assert names(photos) == {
        "in/a.jpg": ("a", "a_face_face"),
        "in/a_1.jpg": ("a_1", "a_1"),
        "in/a_face_7.jpg": ("a_face_7", "a_face_7"),
        "in/b.jpg": ("b", "b"),
    }


def test_names_of_earlier_runs_stay_theirs():
    # b.jpg was there before with three faces, b_1.jpg has come since.
    assert names(found("b_1.jpg", "c.jpg"), {"b_1", "b_2", "b_3"}) == {
        "in/b_1.jpg": ("b_1_2", "b_1_2"),
        "in/c.jpg": ("c", "c"),
    }


@pytest.mark.parametrize("name", ["x.json", "x.csv", "x.txt", "x.jsonl.gz", "x.pts", "x.gif"])
def test_names_of_files_that_are_not_written(here, name):
    with pytest.raises(OptionError, match=r"-o x\..*expected a folder, or a file .*\.jsonl"):
        check_out(Path(name))
    os.mkdir(name)
    check_out(Path(name))


def test_lines_are_asked_for_by_suffix(here):
    assert is_lines(Path("a/b.jsonl"))
    assert is_lines(Path("B.JSONL"))
    assert not is_lines(Path("b.jpg"))
    assert not is_lines(None)
    os.mkdir("folder.jsonl")
    assert not is_lines(Path("folder.jsonl"))


def test_names_as_long_as_the_system_allows(here):
    names = [Path("a" * 250 + ".jpg"), Path("a" * 249 + "b.jpg"), Path("写" * 83 + ".jpg")]
    touch(*map(str, names))
    drawings = drawing_targets(names, None, True)
    pts = [Path(f"{name}.pts") for name, _ in pts_names(dict.fromkeys(names, Path()), ()).values()]
    for target in (*drawings.values(), *pts):
        target.touch()  # it may have that name
    assert len({*drawings.values()}) == len({*pts}) == 3
