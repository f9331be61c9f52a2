"""Whole files; `promises/test_whole.py` has killed writers and full disks."""

import os

import pytest

from lapland.base.files import read_file, read_start, replacing, write_text, write_whole


def test_a_block_that_fails_leaves_the_old_file_and_nothing_else(tmp_path):
    path = tmp_path / "file"
    write_text(path, "old \N{SNOWMAN}")

    def fill(part):
        part.write_text("half")
        raise RuntimeError("stopped")

    with pytest.raises(RuntimeError, match="stopped"), replacing(path) as part:
        fill(part)
    assert path.read_text("utf-8") == "old \N{SNOWMAN}"
    assert list(tmp_path.iterdir()) == [path]


def test_two_files_of_a_folder_are_replaced_at_a_time(tmp_path):
    with replacing(tmp_path / "a") as a, replacing(tmp_path / "b") as b:
        assert a != b
        assert a.parent == tmp_path
        a.write_bytes(b"1")
        b.write_bytes(b"2")
        assert not (tmp_path / "a").exists()
    assert [(tmp_path / name).read_bytes() for name in "ab"] == [b"1", b"2"]
    assert len(os.listdir(tmp_path)) == 2


def test_a_file_above_the_limit_is_refused_unread(tmp_path):
    path = tmp_path / "file"
    write_whole(path, bytes(range(100)))
    assert read_file(path, 100) == bytes(range(100))
    with pytest.raises(OSError, match="100 bytes, and 99 is the limit"):
        read_file(path, 99)
    assert read_start(path, 3) == b"\x00\x01\x02"


@pytest.mark.skipif(os.name != "posix", reason="named pipes are of POSIX")
def test_a_pipe_is_not_waited_for(tmp_path):
    path = tmp_path / "pipe"
    os.mkfifo(path)
    with pytest.raises(OSError, match="expected a regular file"):
        read_file(path, 10)
    assert read_start(path, 10) == b""


def test_a_device_and_a_null_character_are_refused(tmp_path):
    with pytest.raises(OSError, match="a FIFO, socket or device"):
        read_file(tmp_path.joinpath(os.devnull), 10)
    with pytest.raises(ValueError, match="null"):
        read_file(tmp_path / "a\0b", 10)
