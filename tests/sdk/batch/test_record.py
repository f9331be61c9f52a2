"""The file of JSON Lines that a stopped run goes on from."""

import json
import os
from pathlib import Path

import pytest

from lapland import LaplandError, OptionError
from lapland.batch.record import Record, line_for

SETTINGS = {"model": "rcn-1-8", "min_face": 40}


@pytest.fixture
def path(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path / "new" / "folder" / "lines.jsonl"


def opened(path, photos=(), retry=False, settings=SETTINGS):
    return Record(path, settings, map(Path, photos), retry=retry)


def write(path, rows):
    record = opened(path)
    for photo, result in rows.items():
        record.append(line_for(Path(photo), SETTINGS, result))
    record.close()
    return path.read_bytes()


ROWS = {
    "a.jpg": {"faces": [{}, {}]},
    "写真.jpg": {"error": "is empty"},
    os.fsdecode(b"caf\xe9.jpg"): {"faces": []},
}


def test_what_is_written_is_known_again(path):
    data = write(path, ROWS)
    assert data.isascii()
    rows = [json.loads(line) for line in data.splitlines()]
    assert [row["photo"] for row in rows] == list(ROWS)
    assert rows[0] == {"photo": "a.jpg", **SETTINGS, "faces": [{}, {}]}
    record = opened(path)
    assert record.done == {os.path.abspath(photo) for photo in ROWS}
    assert record.faces == 2
    assert record.failures == ["写真.jpg: is empty"]
    assert not record.mended
    record.close()
    assert path.read_bytes() == data


@pytest.mark.parametrize("cut", [1, 5, 10, 30, -1])
def test_a_last_line_that_was_cut_off_is_removed(path, cut):
    data = write(path, ROWS)
    whole = data[: data.rindex(b"\n", 0, -1) + 1]
    path.write_bytes(data[: len(whole) + cut] if cut > 0 else data[:-2])
    record = opened(path)
    assert record.mended
    assert path.read_bytes() == whole
    assert len(record.done) == 2
    record.append(line_for(Path(list(ROWS)[2]), SETTINGS, {"faces": []}))
    record.close()
    assert path.read_bytes() == data


def test_zeros_that_a_crash_leaves_are_removed(path):
    data = write(path, ROWS)
    path.write_bytes(data + b'{"pho' + b"\0" * 4000)
    record = opened(path)
    record.close()
    assert record.mended
    assert path.read_bytes() == data


def test_a_last_line_that_only_lacks_its_end_is_kept(path):
    data = write(path, ROWS)
    path.write_bytes(data[:-1])
    record = opened(path)
    record.close()
    assert not record.mended
    assert len(record.done) == 3
    assert path.read_bytes() == data


@pytest.mark.parametrize(
    ("data", "line"),
    [
        (b"my notes\n", 1),
        (b"my notes, without an end", 1),
        (b'[1, 2]\n{"photo": "a.jpg"}\n', 1),
        (b'{"photo": "a.jpg", "model": "rcn-1-8", "min_face": 40}\n{"photo": "b.j\n', 2),
        (b'{"photo": 3}\n', 1),
        (b"\x89PNG\r\n\x1a\n" + b"\0" * 99, 1),
    ],
)
def test_other_files_are_refused_and_left_alone(path, data, line):
    path.parent.mkdir(parents=True)
    path.write_bytes(data)
    with pytest.raises(OptionError, match=f"line {line} is none that lapland wrote"):
        opened(path)
    assert path.read_bytes() == data


def test_other_settings_are_refused(path):
    data = write(path, ROWS)
    with pytest.raises(
        OptionError, match=r"with model rcn-1-8, min_face 40, and now .*min_face 20"
    ):
        opened(path, settings=SETTINGS | {"min_face": 20})
    assert path.read_bytes() == data


def test_retry_forgets_the_errors_of_the_photos_that_are_given(path):
    data = write(path, {**ROWS, "b.jpg": {"error": "is empty"}, "gone.jpg": {"error": "is empty"}})
    Path("b.jpg").touch()  # there, but not in this run
    record = opened(path, ["a.jpg", "写真.jpg"], retry=True)
    assert record.done == {os.path.abspath(p) for p in [*ROWS, "b.jpg"] if p != "写真.jpg"}
    assert record.failures == ["b.jpg: is empty"]
    record.append("{}")
    record.close()
    first, _, third, fourth, _ = data.splitlines(keepends=True)
    assert path.read_bytes() == first + third + fourth + b"{}\n"
    assert [p.name for p in path.parent.iterdir()] == [path.name]


def test_photos_whose_pts_files_are_gone_are_forgotten(path):
    write(path, {"a.jpg": {"faces": [{}], "pts": ["a.pts"]}, "b.jpg": {"faces": [], "pts": []}})
    (path.parent / "a.pts").write_text("")
    record = opened(path, ["a.jpg", "b.jpg"])
    record.close()
    assert len(record.done) == 2
    assert record.pts == {"a"}
    (path.parent / "a.pts").unlink()
    record = opened(path, ["a.jpg", "b.jpg"])
    record.close()
    assert record.done == {os.path.abspath("b.jpg")}


@pytest.mark.skipif(os.name != "posix", reason="locks of POSIX")
def test_one_run_at_a_time(path):
    first = opened(path)
    with pytest.raises(LaplandError, match="another run is writing"):
        opened(path)
    first.close()
    opened(path).close()


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no device that is always full")
def test_a_full_disk_is_said(path):
    record = opened(path)
    record.close()
    record.file = Path("/dev/full").open("ab", buffering=0)  # noqa: SIM115
    with pytest.raises(LaplandError, match=r"lines.jsonl: cannot be written \(No space left"):
        record.append("{}")
    record.close()


def test_a_folder_that_cannot_be_made(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(LaplandError, match="cannot be written"):
        opened(tmp_path / "file" / "lines.jsonl")
