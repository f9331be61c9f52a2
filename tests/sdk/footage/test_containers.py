"""What the bytes of a video file tell about it."""

import struct

import pytest

from lapland.footage.containers import Container, look_into
from tests.films import cut, film

TIMES = [i / 25 for i in range(30)]


@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".3gp", ".mkv", ".webm", ".ts", ".flv", ".avi"])
def test_whole_and_cut(tmp_path, suffix):
    path = film(tmp_path / f"film{suffix}", TIMES)
    assert look_into(path).cut is False
    for share in (0.3, 0.999):
        assert look_into(cut(path, share)).cut is True


def test_what_lies_behind_a_film_does_not_cut_it(tmp_path):
    for suffix in (".mp4", ".mkv", ".avi"):
        path = film(tmp_path / f"film{suffix}", TIMES)
        with path.open("ab") as file:
            file.write(b"\xff\xfe more of something else")
        assert look_into(path).cut is False


def test_nobody_knows(tmp_path):
    live = film(tmp_path / "live.mkv", TIMES, live="1")
    assert look_into(live) == Container(cut=None, counts=False)
    (tmp_path / "text").write_bytes(b"some text")
    (tmp_path / "empty").write_bytes(b"")
    for name in ("text", "empty", "nothing"):
        assert look_into(tmp_path / name) == Container()


def test_an_edit_list_says_how_much_is_shown(tmp_path):
    path = film(tmp_path / "film.mp4", [at - 0.4 for at in TIMES])
    assert look_into(path).shown == pytest.approx(0.8, abs=0.01)
    late = film(tmp_path / "late.mp4", [at + 5 for at in TIMES])
    assert look_into(late).shown == pytest.approx(1.2, abs=0.01)


def test_boxes_of_all_lengths(tmp_path):
    for size, cut_off in ((8, False), (9, True)):  # of the content
        path = tmp_path / "long.mp4"
        path.write_bytes(
            struct.pack(">I4s8x", 16, b"ftyp") + struct.pack(">I4sQ8x", 1, b"mdat", 16 + size)
        )
        assert look_into(path).cut is cut_off
    path.write_bytes(struct.pack(">I4s8x", 16, b"ftyp") + struct.pack(">I4s100x", 0, b"mdat"))
    assert look_into(path).cut is False


def test_large_avi_files_have_several_parts(tmp_path):
    part = struct.pack("<4sI4s4x", b"RIFF", 8, b"AVI ")
    (tmp_path / "film.avi").write_bytes(part + part)
    assert look_into(tmp_path / "film.avi").cut is False
    (tmp_path / "film.avi").write_bytes(part + part[:-2])
    assert look_into(tmp_path / "film.avi").cut is True
