"""The example for Ray: a real one, on this machine, with little of it."""

import importlib.util
import json
import os
import subprocess
import sys

import cv2
import numpy as np
import pytest

from lapland.image.foreign import SUFFIXES as FOREIGN
from lapland.image.headers import SUFFIXES as READ
from training.common.paths import REPOSITORY

if importlib.util.find_spec("ray") is None:  # programs of their own import it, which takes seconds
    pytest.skip("an extra: pip install 'lapland[ray]'", allow_module_level=True)
pyarrow = pytest.importorskip("pyarrow", reason="an extra: pip install 'lapland[ray]'")
parquet = pytest.importorskip("pyarrow.parquet", reason="an extra: pip install 'lapland[ray]'")
EXAMPLE = REPOSITORY / "examples/ray_batch.py"
# Seconds in which Ray has to be there; its own limit for the first of its processes is 30.
START = 240
# A stop for what hangs; a busy machine is no failure.
pytestmark = pytest.mark.timeout(START + 600)
NOT_STARTED = 77
# Calls the example once for each list of arguments, in one Ray that takes little of the machine.
PROGRAM = """
import json, os, runpy, sys, threading
import ray
start = ray.init
def give_up(reason):
    print(reason, flush=True)
    os._exit({code})
def small(address, **options):
    if ray.is_initialized():
        return
    options |= dict(num_cpus=2, object_store_memory=80 << 20, include_dashboard=False)
    late = threading.Timer({start}, give_up, ["it takes more than {start} s"])
    late.daemon = True
    late.start()
    try:
        start(address="local", **options)  # never one that runs already
    except Exception as error:  # whatever it is, it is none of the example's
        give_up(str(error).splitlines()[0])
    late.cancel()
ray.init, ray.shutdown = small, lambda: None
names = runpy.run_path({calls!r}[0][0])
taken = {{name: names[name] for name in ("SUFFIXES", "FOREIGN")}}
taken["hidden"] = [names["_is_photo"](path) for path in {hidden!r}]
print("takes", json.dumps(taken), flush=True)
for sys.argv in {calls!r}:
    try:
        runpy.run_path(sys.argv[0], run_name="__main__")
    except SystemExit as end:
        print("ended with", end.code, flush=True)
"""
HIDDEN = ["/a/.trash/x.jpg", "/a/@eaDir/x.jpg"]


@pytest.fixture(scope="module")
def photos(image, tmp_path_factory):
    """name -> bytes of the files in a folder, and the folder."""
    folder = tmp_path_factory.mktemp("ray") / "my photos"
    face = image[30:210, 130:320]
    good, pair = (
        cv2.imencode(".jpg", pixels)[1].tobytes()
        for pixels in (face, np.hstack([face, face[:, ::-1]]))
    )
    files = {
        "a.jpg": good,
        "b/a.jpg": pair,
        "b/cut.jpg": good[:2000],
        "b/no.png": b"not a picture",
        "写真 ü%20.jpg": good,
        "notes.txt": b"no photo",
        "._a.jpg": b"of a Mac",
        "film.heic": b"\0\0\0\x18ftypheic\0\0\0\0mif1heic",
        "old.JFIF": good,
    }
    for name, data in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    cv2.imwrite(str(folder / "grey.png"), np.full((60, 60, 3), 99, np.uint8))
    (folder / "gone.jpg").symlink_to("/proc/self/mem")  # a file that cannot be read
    return folder, files


def run(folder, *calls):
    """The standard output of several calls, and whether Ray itself has started."""
    arguments = [[str(EXAMPLE), *map(str, call)] for call in calls]
    program = PROGRAM.format(calls=arguments, hidden=HIDDEN, start=START, code=NOT_STARTED)
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        cwd=folder,
        env=os.environ | {"RAY_USAGE_STATS_ENABLED": "0", "HOME": str(folder)},
        check=False,
    )
    assert done.returncode in (0, NOT_STARTED), done.stderr
    return done.stdout, done.returncode == 0


def rows_in(folder):
    table = parquet.read_table(folder)
    assert table.column_names == ["path", "boxes", "scores", "landmarks", "scales", "error"]
    return {row["path"]: row for row in table.to_pylist()}


def assert_equal(row, faces):
    assert row["error"] is None
    landmarks = np.reshape(row["landmarks"], faces.landmarks.shape).astype(np.float32)
    np.testing.assert_array_equal(landmarks, faces.landmarks)
    np.testing.assert_array_equal(np.reshape(row["boxes"], (-1, 4)), faces.boxes)
    np.testing.assert_array_equal(row["scores"], faces.scores)
    np.testing.assert_array_equal(np.reshape(row["scales"], faces.scales.shape), faces.scales)


# What makes no sense, and the words with which it is refused.
REFUSED = {
    "none: there is no such file or folder": ["none", "out"],
    "photos: expected the name of a new folder": ["photos", "photos"],
    "width must be one of": ["photos", "out", "--width", "3"],
    "text: holds neither photos (.jpg, ": ["text", "out"],
    "--image bytes: expected a column of binary": ["table", "out"],
}


@pytest.fixture(scope="module")
def printed(photos, tmp_path_factory):
    """The working folder of all calls, one after another in one Python; what `run` says of them."""
    here = tmp_path_factory.mktemp("here")
    for name in ("photos", "text", "table", "in"):
        (here / name).mkdir()
    (here / "photos" / "a.jpg").touch()
    (here / "text" / "notes.txt").write_text("no photo")
    parquet.write_table(pyarrow.table({"x": [1]}), here / "table" / "1.parquet")
    folder, files = photos
    table = pyarrow.table({"key": [*files, "null"], "jpeg": [*files.values(), None]})
    parquet.write_table(table, here / "in" / "1.parquet")
    options = ["--image", "jpeg", "--path", "key", "--workers", 1]
    return here, *run(here, *REFUSED.values(), [folder, "files"], ["in", "out", *options])


def test_it_takes_what_the_command_line_takes(printed):
    (line,) = (line for line in printed[1].splitlines() if line.startswith("takes "))
    taken = json.loads(line.removeprefix("takes "))
    assert set(taken["SUFFIXES"]) == READ
    assert set(taken["FOREIGN"]) <= FOREIGN
    assert taken["hidden"] == [False] * len(HIDDEN)


@pytest.mark.skipif(sys.platform != "linux", reason="needs /proc")
def test_files_and_parquet_give_the_same(photos, printed, detector):
    (folder, files), (here, out, started) = photos, printed
    if not started:
        pytest.skip(f"Ray does not start here: {out.splitlines()[-1]}")
    names = [*files, "null"]
    lines = [line for line in out.splitlines() if " images in " in line]
    assert [line.split()[0] for line in lines] == ["9", "10"]
    assert [line.split("; ")[1] for line in lines] == ["5 are good", "4 are good"]

    rows = rows_in(here / "files")
    assert len(rows) == 9
    good = {"a.jpg": 1, "old.JFIF": 1, "b/a.jpg": 2, "写真 ü%20.jpg": 1, "grey.png": 0}
    for name, faces in good.items():
        found = detector.predict(folder / name)
        assert len(found) == faces
        assert_equal(rows[str(folder / name)], found)
    errors = {name: rows[str(folder / name)]["error"] for name in ("b/cut.jpg", "b/no.png")}
    assert "ends before the picture does" in errors["b/cut.jpg"]
    assert "this is text" in errors["b/no.png"]
    assert "HEIC" in rows[str(folder / "film.heic")]["error"]
    assert "Input/output error" in rows[str(folder / "gone.jpg")]["error"]
    assert rows[str(folder / "gone.jpg")]["landmarks"] == []

    from_parquet = rows_in(here / "out")
    assert list(from_parquet) == names
    for name in ("a.jpg", "b/a.jpg", "写真 ü%20.jpg"):
        assert from_parquet[name] == rows[str(folder / name)] | {"path": name}
    for name in ("b/cut.jpg", "b/no.png", "notes.txt", "._a.jpg", "film.heic", "null"):
        assert from_parquet[name]["error"]


def test_what_makes_no_sense(printed):
    _, out, _ = printed
    lines = [line for line in out.splitlines() if line.startswith("ended with ")]
    assert len(lines) == len(REFUSED)
    for line, words in zip(lines, REFUSED, strict=True):
        assert line.startswith(f"ended with {words}")  # before it writes anything: `out` was free
