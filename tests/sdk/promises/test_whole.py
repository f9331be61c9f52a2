"""Whatever writes is stopped in the middle: no half file has a good name."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import cv2
import numpy as np
import pytest

from lapland import LaplandError
from lapland.base.files import write_whole
from lapland.batch.jobs import write_image
from lapland.batch.record import Record, line_for
from lapland.footage.recording import Recording, part_of
from tests.processes import PATIENCE

posix = pytest.mark.skipif(os.name != "posix", reason="signals and limits of POSIX")

# Runs the rest with room for so many bytes in a file, as on a disk that is full from there on.
LIMIT = """
import resource, sys
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]), int(sys.argv[1])))
"""


def limited(room, program, *arguments):
    done = subprocess.run(
        [sys.executable, "-c", LIMIT + program, str(room), *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_a_file_is_replaced_and_keeps_its_mode(tmp_path):
    path = tmp_path / "a.txt"
    write_whole(path, b"one")
    path.chmod(0o600)
    write_whole(path, b"two")
    assert path.read_bytes() == b"two"
    assert path.stat().st_mode & 0o777 == 0o600
    assert os.listdir(tmp_path) == ["a.txt"]


@posix
def test_a_link_is_followed_and_a_pipe_written_to(tmp_path):
    link, target = tmp_path / "link", tmp_path / "target"
    link.symlink_to(target)
    write_whole(link, b"one")
    assert link.is_symlink()
    assert target.read_bytes() == b"one"
    write_whole(Path("/dev/null"), b"one")
    assert not Path("/dev/null").is_file()
    with pytest.raises(OSError, match="No space left"):
        write_whole(Path("/dev/full"), b"one")


FULL = """
from pathlib import Path
import cv2, numpy as np
from lapland import Faces, LaplandError
from lapland.batch.jobs import write_image
drawing, pts = map(Path, sys.argv[2:])
try:
    write_image(drawing, np.random.default_rng(0).integers(0, 255, (300, 300, 3), np.uint8))
except LaplandError as error:
    print(error)
face = Faces(np.ones((1, 4)), np.ones(1), np.ones((1, 5, 2)), np.ones((1, 68, 2)), np.ones((1, 68)))
try:
    face.save_pts(pts)
except OSError as error:
    print(type(error).__name__)
"""


@posix
@pytest.mark.parametrize("before", [None, b"what was there"])
def test_where_there_is_no_room_the_old_file_stays(tmp_path, before):
    paths = [tmp_path / name for name in ("drawn.png", "face.pts")]
    if before:
        for path in paths:
            path.write_bytes(before)
    said = limited(500, FULL, *paths)
    assert said == f"{paths[0]}: cannot be written (File too large)\nOSError"
    assert [p.read_bytes() for p in paths if p.exists()] == ([before] * 2 if before else [])
    assert len(os.listdir(tmp_path)) == (2 if before else 0)


def test_a_file_where_a_folder_is_expected_is_said(tmp_path):
    # Root may write to folders that are read-only, but not below a file.
    (tmp_path / "file").write_bytes(b"")
    picture = np.zeros((64, 64, 3), np.uint8)
    below = tmp_path / "file" / "out"
    with pytest.raises(LaplandError, match=r"out\.jpg: cannot be written"):
        write_image(below.with_suffix(".jpg"), picture)
    with pytest.raises(LaplandError, match=r"out\.mp4: cannot be written"):
        Recording(below.with_suffix(".mp4"), 25, live=False).write(picture, 0.0)
    with pytest.raises(LaplandError, match=r"out\.jsonl: cannot be written"):
        Record(below.with_suffix(".jsonl"), {}, [])


WRITER = """
import os, sys
from pathlib import Path
from lapland.base.files import write_whole
path = Path(sys.argv[1])
print("ready", flush=True)
for i in range(10**9):
    write_whole(path, bytes([i % 256]) * 3_000_000)
"""


@posix
def test_who_is_killed_leaves_a_whole_file(tmp_path):
    path = tmp_path / "whole"
    seen = set()
    for i in range(6):
        program = subprocess.Popen(
            [sys.executable, "-S", "-c", WRITER, str(path)],
            stdout=subprocess.PIPE,
            env={"PYTHONPATH": os.pathsep.join(sys.path)},
        )
        program.stdout.readline()
        while not path.exists() or path.read_bytes()[0] < i:
            time.sleep(0.001)
        program.kill()
        program.communicate()
        data = path.read_bytes()
        assert len(data) == 3_000_000
        assert len(set(data)) == 1
        seen.add(data[0])
    assert len(seen) > 1


@posix
def test_lines_go_on_where_there_was_no_room(tmp_path):
    program = """
from pathlib import Path
from lapland import LaplandError
from lapland.batch.record import Record, line_for
record = Record(Path(sys.argv[2]), {}, [])
try:
    for i in range(100):
        record.append(line_for(Path(f"{i}.jpg"), {}, {"faces": []}))
except LaplandError as error:
    print(error)
"""
    path = tmp_path / "lines.jsonl"
    said = limited(1000, program, path)
    assert said.startswith(f"{path}: cannot be written")
    record = Record(path, {}, [])
    kept = len(record.done)
    assert record.mended
    record.append(line_for(Path("more.jpg"), {}, {"faces": []}))
    record.close()
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    assert [row["photo"] for row in rows] == [*(f"{i}.jpg" for i in range(kept)), "more.jpg"]
    assert 10 < kept < 100


# --- recordings

RECORD = """
import time
from pathlib import Path
import numpy as np
from lapland import LaplandError
from lapland.footage.recording import Recording
path = Path(sys.argv[2])
rng = np.random.default_rng(0)
recording = Recording(path, 25, live=False)
for i in range(int(sys.argv[3])):
    recording.write(rng.integers(0, 255, (240, 320, 3), np.uint8), i / 25)
    if i == 40:
        print("written", flush=True)
try:
    recording.close()
except LaplandError as error:
    print(error)
"""


@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".m4v", ".mkv", ".avi"])
def test_a_recording_takes_its_name_when_it_is_complete(tmp_path, suffix):
    path = tmp_path / f"out{suffix}"
    path.write_bytes(b"an older one")
    with Recording(path, 25, live=False) as recording:
        for grey in range(30):
            recording.write(np.full((64, 96, 3), 8 * grey, np.uint8), grey / 25)
        assert path.read_bytes() == b"an older one"
        assert part_of(path).exists()
    assert os.listdir(tmp_path) == [path.name]
    capture = cv2.VideoCapture(str(path))
    assert sum(iter(lambda: capture.read()[0], False)) == 30


@posix
@pytest.mark.parametrize("suffix", [".mp4", ".avi"])
def test_a_recording_that_was_killed_has_not_its_name(tmp_path, suffix):
    path = tmp_path / f"out{suffix}"
    path.write_bytes(b"an older one")
    program = subprocess.Popen(
        [sys.executable, "-c", "import sys\n" + RECORD, "0", str(path), "100000"],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert program.stdout.readline() == "written\n"
    program.send_signal(signal.SIGKILL)
    program.communicate()
    assert path.read_bytes() == b"an older one"
    part = part_of(path)
    assert part.stat().st_size > 10_000
    there, _ = cv2.VideoCapture(str(part)).read()
    assert there == (suffix == ".avi")  # an mp4 has its table of contents at the end


@posix
@pytest.mark.parametrize("suffix", [".mp4", ".avi"])
def test_a_recording_that_has_no_room_is_not_taken_for_complete(tmp_path, suffix):
    path = tmp_path / f"out{suffix}"
    *_, said = limited(300_000, RECORD, path, 200).splitlines()
    assert said.startswith(f"{path}: ")
    assert "of 200 frames could be written" in said
    assert not path.exists()
