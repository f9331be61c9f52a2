"""The command with many photos: processes, files that go on where a run stopped, bad photos."""

import functools
import json
import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from pathlib import Path

import cv2
import numpy as np
import psutil
import pytest

from lapland.batch import jobs
from lapland.batch.jobs import Setup, start_in_process
from lapland.cli.main import main
from lapland.options import DetectorOptions
from tests.processes import PATIENCE, is_running
from training.data.pts import read_pts

posix = pytest.mark.skipif(os.name != "posix", reason="needs signals and named pipes")
BAD = ["holiday/b/cut.jpg", "holiday/b/empty.png", "holiday/z.jpg"]


@pytest.fixture(scope="module")
def encoded(image):
    """The face alone, which is quick: as PNG, and mirrored twice side by side as JPEG."""
    face = image[30:210, 130:320]
    pair = np.hstack([face, face[:, ::-1]])
    return {
        ".png": cv2.imencode(".png", face)[1].tobytes(),
        ".jpg": cv2.imencode(".jpg", pair)[1].tobytes(),
    }


@pytest.fixture
def holiday(tmp_path, monkeypatch, encoded):
    """A folder of 12 photos, 3 of which cannot be used; the working folder is the one above."""
    monkeypatch.chdir(tmp_path)
    names = ["a.png", "a.jpg", "a_1.png", "a/x.png", "b/x.png", "b/写真 Ærø.png", "b/c/two.jpg"]
    if sys.platform == "linux":
        names.append(os.fsdecode(b"caf\xe9.png"))
    for name in names:
        path = Path("holiday", name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(encoded[path.suffix])
    cv2.imwrite("holiday/b/grey.bmp", np.full((60, 60, 3), 99, np.uint8))
    Path("holiday/b/cut.jpg").write_bytes(encoded[".jpg"][:2000])
    Path("holiday/b/empty.png").write_bytes(b"")
    Path("holiday/z.jpg").write_text("not a picture")
    return Path("holiday")


def run(*arguments):
    return main(["predict", *map(str, arguments), "--min-face", "60"])


def rows_of(path):
    return [json.loads(line) for line in Path(path).read_text().splitlines()]


def finished(path):
    """How many rows of a file are complete; one that is being written may be seen in part."""
    return Path(path).read_bytes().count(b"\n") if Path(path).exists() else 0


def test_the_file_is_the_same_whatever_the_number_of_processes(holiday, capsys, detector):
    assert run(holiday, "-o", "new/one.jsonl", "--threads", 1) == 1
    out, err = capsys.readouterr()
    assert run(holiday, "-o", "two.jsonl", "--jobs", 2) == 1
    assert Path("new/one.jsonl").read_bytes() == Path("two.jsonl").read_bytes()
    photos = [str(p) for p in sorted(holiday.rglob("*.*")) if p.is_file()]
    rows = rows_of("two.jsonl")
    assert [row["photo"] for row in rows] == photos
    assert [row["photo"] for row in rows if "error" in row] == BAD
    faces = {row["photo"]: len(row["faces"]) for row in rows if "faces" in row}
    assert faces["holiday/b/grey.bmp"] == 0
    assert faces["holiday/b/c/two.jpg"] == 2
    assert faces["holiday/b/写真 Ærø.png"] == 1
    assert out == f"new/one.jsonl: {len(rows)} photos, {sum(faces.values())} faces\n"
    lines = err.splitlines()
    assert [line.split(": ")[1] for line in lines[:3]] == BAD
    assert "ends before the picture does" in lines[0]
    assert lines[3:] == ["lapland: 3 photos could not be used; --retry tries again"]
    again = capsys.readouterr()
    assert (again.out, again.err) == (out.replace("new/one", "two"), err)
    assert not list(Path().glob("*_landmarks.jpg"))


def test_a_second_run_does_nothing_but_names_the_errors_again(holiday, capsys, monkeypatch):
    assert run(holiday, "-o", "all.jsonl") == 1
    before, (_, err) = Path("all.jsonl").read_bytes(), capsys.readouterr()
    monkeypatch.setattr(jobs, "read_image", lambda photo: pytest.fail(f"read {photo}"))
    assert run(Path("holiday/../holiday").resolve(), "-o", "all.jsonl") == 1
    assert Path("all.jsonl").read_bytes() == before
    out, again = capsys.readouterr()
    assert again == err
    count = len(before.splitlines())
    assert out.startswith(f"all.jsonl: {count} photos ({count} of them before), ")


def test_a_run_goes_on_where_it_stopped(holiday, capsys):
    assert run(holiday, "-o", "whole.jsonl") == 1
    whole = Path("whole.jsonl").read_bytes()
    Path("part.jsonl").write_bytes(whole[: len(whole) // 2])
    capsys.readouterr()
    assert run(holiday, "-o", "part.jsonl") == 1
    assert Path("part.jsonl").read_bytes() == whole
    out, err = capsys.readouterr()
    assert "part.jsonl: the last line was cut off; its photo is done again" in err
    assert "of them before)" in out


def test_retry_does_the_bad_ones_again_once_they_are_mended(holiday, encoded, capsys):
    assert run(holiday, "-o", "all.jsonl") == 1
    Path("holiday/z.jpg").write_bytes(encoded[".jpg"])
    assert run(holiday, "-o", "all.jsonl") == 1
    capsys.readouterr()
    assert run(holiday, "-o", "all.jsonl", "--retry") == 1
    assert "2 photos could not be used" in capsys.readouterr().err
    rows = rows_of("all.jsonl")
    assert sorted(row["photo"] for row in rows if "error" in row) == BAD[:2]
    assert len({row["photo"] for row in rows}) == len(rows)
    assert len(next(row for row in rows if row["photo"] == "holiday/z.jpg")["faces"]) == 2
    for name in BAD[:2]:
        Path(name).unlink()
    assert run(holiday, "-o", "all.jsonl") == 1
    assert run(holiday, "-o", "all.jsonl", "--retry") == 0
    assert not [row["photo"] for row in rows_of("all.jsonl") if "error" in row]


@pytest.mark.parametrize(("threads", "expected"), [(None, 1), (2, 2)])
def test_a_process_has_one_thread_of_opencv_unless_it_is_given_more(threads, expected):
    before = cv2.getNumThreads()
    try:
        cv2.setNumThreads(3)
        start_in_process(Setup(DetectorOptions("1/16", weights="300w", threads=threads)))
        assert cv2.getNumThreads() == expected
    finally:
        cv2.setNumThreads(before)


def test_a_mistyped_name_leaves_no_line(holiday, capsys):
    assert run("holidy", "holiday/a.png", "-o", "all.jsonl") == 1
    assert capsys.readouterr().err.startswith("lapland: holidy: there is no such file\n")
    assert [row["photo"] for row in rows_of("all.jsonl")] == ["holiday/a.png"]
    assert run("holiday/a.png", "-o", "all.jsonl") == 0


def test_pts_files(holiday, capsys):
    assert run(holiday, "--pts", "out", "--jobs", 2) == 1
    rows = {row["photo"]: row for row in rows_of("out/landmarks.jsonl")}
    names = sorted(p.relative_to("out").as_posix() for p in Path("out").rglob("*.pts"))
    assert names == sorted(name for row in rows.values() for name in row.get("pts", ()))
    # a.jpg has two faces, a.png one, and a_1.png is a photo of its own.
    assert rows["holiday/a.jpg"]["pts"] == ["a_face_1.pts", "a_face_2.pts"]
    assert rows["holiday/a.png"]["pts"] == ["a_2.pts"]
    assert rows["holiday/a_1.png"]["pts"] == ["a_1.pts"]
    assert rows["holiday/b/c/two.jpg"]["pts"] == ["b/c/two_1.pts", "b/c/two_2.pts"]
    assert rows["holiday/b/写真 Ærø.png"]["pts"] == ["b/写真 Ærø.pts"]
    assert rows["holiday/b/grey.bmp"]["pts"] == []
    for row in rows.values():
        for name, face in zip(row.get("pts", ()), row.get("faces", ()), strict=True):
            np.testing.assert_allclose(read_pts(Path("out", name)), face["landmarks"], atol=2e-3)
    # What was deleted is made again, and only that.
    before = {name: Path("out", name).stat().st_mtime_ns for name in names}
    Path("out/a/x.pts").unlink()
    assert run(holiday, "--pts", "out") == 1
    after = {name: Path("out", name).stat().st_mtime_ns for name in names}
    assert {name for name in names if after[name] != before[name]} == {"a/x.pts"}
    assert len(rows_of("out/landmarks.jsonl")) == len(rows)


def test_drawings_by_several_processes(holiday, capsys):
    assert run(holiday, "-o", "drawn", "--json") == 1
    lines = capsys.readouterr().out.splitlines()
    photos = [json.loads(line)["photo"] for line in lines]
    assert photos == sorted(photos, key=Path)
    alone = {path.name: path.read_bytes() for path in Path("drawn").iterdir()}
    assert len(alone) == len(photos)
    assert run(holiday, "-o", "drawn", "--jobs", 2) == 1
    assert {path.name: path.read_bytes() for path in Path("drawn").iterdir()} == alone
    out, err = capsys.readouterr()
    shown = [photo.encode(errors="backslashreplace").decode() for photo in photos]
    assert [line.split(": ")[0] for line in out.splitlines()] == shown
    assert len(err.splitlines()) == 3


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--jobs", "0"], "jobs must be a positive integer, not 0"),
        (["--pts", "out", "-o", "x.jsonl"], "--pts out: expected no -o beside it"),
        (["--pts", "out", "--json"], "--pts out: expected no --json beside it"),
        (["--retry", "-o", "drawn"], "--retry: expected -o FILE.jsonl or --pts FOLDER"),
        (["-o", "x.json"], "-o x.json: expected a folder, or a file that ends in"),
        (["-o", "notes.jsonl"], "notes.jsonl: line 1 is none that lapland wrote"),
        (["-o", "wide.jsonl"], "wide.jsonl: was written with model rcn-1, min_face 40"),
        (["--jobs", "2", "--width", "3"], "width must be one of"),
    ],
)
def test_options_that_cannot_be(holiday, capsys, arguments, words):
    Path("notes.jsonl").write_text("mine\n")
    wide = '{"photo": "a.jpg", "model": "rcn-1", "min_face": 40, "faces": []}\n'
    Path("wide.jsonl").write_text(wide)
    before = sorted(Path().rglob("*"))
    assert run(holiday, *arguments) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(f"lapland: {words}")
    assert sorted(Path().rglob("*")) == before
    assert Path("notes.jsonl").read_text() == "mine\n"
    assert Path("wide.jsonl").read_text() == wide


@pytest.mark.parametrize("jobs", [1, 2])
def test_pts_files_that_cannot_be_written_end_the_run(holiday, capsys, jobs):
    Path("out").mkdir()
    Path("out/b").write_text("in the way")
    assert run(holiday, "--pts", "out", "--jobs", jobs) == 1
    assert "out/b/" in capsys.readouterr().err
    assert all("error" not in row for row in rows_of("out/landmarks.jsonl"))
    Path("out/b").unlink()
    assert run(holiday, "--pts", "out") == 1
    assert [r["photo"] for r in rows_of("out/landmarks.jsonl") if "error" in r] == BAD


@contextmanager
def begun(*arguments):
    """The command as a process group of its own, as a terminal starts it."""
    command = [sys.executable, "-m", "lapland", "predict", *map(str, arguments)]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    # A shell starts what runs in the background deaf to Ctrl-C, and so would be its children.
    heed = functools.partial(signal.signal, signal.SIGINT, signal.SIG_DFL)
    with subprocess.Popen(command, start_new_session=True, preexec_fn=heed, **pipes) as process:
        try:
            yield process
        finally:
            process.kill()


def wait_for(what, process=None):
    """Waits, as long as a process runs."""
    deadline = time.monotonic() + PATIENCE
    while not (found := what()):
        assert process is None or process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.01)
    return found


def processes_of(run):
    """The worker processes of a run."""
    found = []
    for child in psutil.Process(run.pid).children():
        with suppress(psutil.Error):  # it has just ended
            if any("spawn_main" in word for word in child.cmdline()):
                found.append(child)
    return found


@posix
@pytest.mark.parametrize("jobs", [1, 2])
def test_ctrl_c_keeps_what_is_done(holiday, encoded, jobs):
    os.mkfifo("m.png")  # whoever reads it waits
    photos = ["holiday/a.jpg", "m.png", holiday]
    with begun(*photos, "-o", "all.jsonl", "--jobs", jobs, "--min-face", 60) as process:
        wait_for(lambda: finished("all.jsonl") == 1, process)
        os.killpg(process.pid, signal.SIGINT)
        out, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130
    assert err == "lapland: stopped; the same command goes on from here\n"
    assert out == "all.jsonl: 1 photo, 2 faces\n"
    os.unlink("m.png")
    Path("m.png").write_bytes(encoded[".png"])
    assert run(*photos, "-o", "all.jsonl") == 1
    assert run(*photos, "-o", "new.jsonl") == 1
    assert Path("all.jsonl").read_bytes() == Path("new.jsonl").read_bytes()


@pytest.mark.skipif(sys.platform != "linux", reason="needs /proc")
def test_a_photo_whose_process_is_killed_twice_is_an_error(holiday):
    os.mkfifo("m.png")
    photos = ["holiday/a.jpg", "m.png", holiday]
    with begun(*photos, "-o", "all.jsonl", "--jobs", 2, "--min-face", 60) as process:
        for _ in range(2):
            end = wait_for(writing_end, process)
            reader = wait_for(lambda: reader_among(processes_of(process)), process)
            # Stopped first: a reader at work would take the closed pipe for the end of the file, so
            # would the next reader if the pipe were closed after the kill.
            reader.suspend()
            wait_for(lambda: reader.status() == psutil.STATUS_STOPPED)  # noqa: B023
            os.close(end)
            reader.kill()
            wait_for(lambda: not is_running(reader))  # noqa: B023
        _, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 1
    assert "lapland: m.png: the process at work on it was ended by SIGKILL, twice\n" in err
    rows = rows_of("all.jsonl")
    assert [row["photo"] for row in rows][:2] == ["holiday/a.jpg", "m.png"]
    assert [row["photo"] for row in rows if "error" in row] == ["m.png", *BAD]
    assert len({row["photo"] for row in rows}) == len(rows) == len(list(holiday.rglob("*.*g"))) + 2


def reader_among(workers):
    """The process that has m.png open."""
    for worker in workers:
        with suppress(OSError):
            files = [os.readlink(fd) for fd in Path(f"/proc/{worker.pid}/fd").iterdir()]
            if os.path.abspath("m.png") in files:
                return worker
    return None


def writing_end():
    """The other end of m.png, which can be opened once somebody is at reading it."""
    try:
        return os.open("m.png", os.O_WRONLY | os.O_NONBLOCK)
    except OSError:
        return None


@posix
def test_a_run_that_is_killed_goes_on(holiday, encoded):
    os.mkfifo("m.png")
    photos = ["holiday/a.jpg", "m.png", holiday]
    with begun(*photos, "-o", "all.jsonl", "--jobs", 2, "--min-face", 60) as process:
        wait_for(lambda: finished("all.jsonl") == 1, process)
        end = wait_for(writing_end, process)
        workers = processes_of(process)
        process.kill()
    assert len(workers) == 2
    os.close(end)  # the worker that waits for it reads nothing, and ends
    wait_for(lambda: not any(is_running(worker) for worker in workers))
    os.unlink("m.png")
    Path("m.png").write_bytes(encoded[".png"])
    assert run(*photos, "-o", "all.jsonl") == 1
    assert run(*photos, "-o", "new.jsonl") == 1
    assert Path("all.jsonl").read_bytes() == Path("new.jsonl").read_bytes()
