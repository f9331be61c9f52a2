"""`lapland webcam` on real video files, on a stream, and in a real window."""

import os
import signal
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import cv2
import numpy as np
import pytest

from lapland import ImageError, ImageNotFoundError, LaplandError, OptionError, Tracker
from lapland.cli import webcam
from lapland.cli.main import main
from lapland.cli.view import Settings
from lapland.footage.recording import part_of
from lapland.options import DetectorOptions
from tests.films import cut, film, read_video, write_video
from tests.processes import PATIENCE
from tests.videos import video

EXAMPLES = Path(__file__).resolve().parents[3] / "examples"
RUN = [sys.executable, "-W", "error", "-m", "lapland", "webcam", "--threads", "1"]
QUICK = DetectorOptions(threads=1)


def heeds_ctrl_c():
    """A shell starts what runs in the background deaf to Ctrl-C, and so would be its children."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    """Ten frames of a pan, 320 x 240, 25 a second."""
    small = [cv2.resize(f.image, (320, 240)) for f in video("pan", 50)[:10]]
    return write_video(tmp_path_factory.mktemp("clip") / "clip.avi", small)


@pytest.mark.parametrize("name", ["out.mp4", "new/folder/out.avi", "OUT.MKV"])
def test_a_file_is_drawn_into_another(clip, tmp_path, monkeypatch, capsys, name):
    monkeypatch.chdir(tmp_path)
    code = main(
        ["webcam", "--source", str(clip), "--no-window", "--record", name, "--threads", "1"]
    )
    out, err = capsys.readouterr()
    assert (code, err) == (0, "")
    assert out.startswith("10 frames, 1 face, ")
    assert out.endswith(f" ms a frame, recorded in {name}\n")
    frames, fps = read_video(name)
    assert fps == pytest.approx(25)
    assert [frame.shape for frame in frames] == [(240, 320, 3)] * 10
    before = read_video(clip)[0]
    for a, b in zip(frames, before, strict=True):
        changed = np.abs(a.astype(int) - b).max(axis=2) > 60
        assert 100 < changed.sum() < 8000  # dots, lines and a line of text


@pytest.mark.parametrize(
    ("given", "error", "words"),
    [
        ({"source": "no/such.mp4"}, ImageNotFoundError, "no/such.mp4: there is no such file"),
        ({"source": "97"}, ImageError, "camera 97 cannot be opened"),
        ({"source": __file__}, ImageError, "cannot read this as a video"),
        ({"record": None}, OptionError, "--record OUT.mp4"),
        ({"record": "out.gif"}, OptionError, r"out.gif: expected a file that ends in .mp4"),
        ({"record": "clip"}, OptionError, "take the place of the video"),
        ({"record": "/proc/out.mp4"}, LaplandError, "cannot be written"),
        ({"smoothing": "much"}, OptionError, "smoothing must be"),
        ({"detector": DetectorOptions("1/3")}, OptionError, "width must be"),
    ],
)
def test_what_cannot_be_done_is_said(clip, tmp_path, given, error, words):
    if given.get("record"):
        name = given["record"]
        given = {"record": clip if name == "clip" else tmp_path / name}
    defaults = {"source": str(clip), "record": tmp_path / "out.mp4", "window": False}
    with pytest.raises(error, match=words):
        webcam.show(Settings(**(defaults | {"detector": QUICK} | given)))


def test_a_video_without_frames(tmp_path, clip):
    empty = tmp_path / "empty.avi"
    empty.write_bytes(clip.read_bytes()[:5700])  # the head of the file and no picture
    with pytest.raises(ImageError, match=r"empty\.avi: "):
        webcam.show(Settings(str(empty), tmp_path / "out.mp4", window=False, detector=QUICK))


def test_ctrl_c_ends_with_a_complete_recording(tmp_path):
    # Small frames, so many that the program is not through with them before it is stopped.
    noise = np.random.default_rng(0).integers(0, 256, (20, 120, 160, 3), np.uint8)
    source = write_video(tmp_path / "long.avi", [*noise] * 100)
    target = tmp_path / "out.mp4"
    program = subprocess.Popen(
        [*RUN, "--source", str(source), "--no-window", "--record", str(target)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=heeds_ctrl_c,
    )
    deadline = time.monotonic() + PATIENCE
    part = part_of(target)
    while not (part.exists() and part.stat().st_size > 10_000):
        assert program.poll() is None, program.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.05)
    program.send_signal(signal.SIGINT)
    out, err = program.communicate(timeout=PATIENCE)
    assert program.returncode == 0, err
    assert err == ""
    counted = int(out.split()[0])
    assert 0 < counted < 2000
    assert len(read_video(target)[0]) in (counted, counted - 1)


class Camera(BaseHTTPRequestHandler):
    """A network camera that is unplugged after a second."""

    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Type", "multipart/x-mixed-replace; boundary=frame")
        self.end_headers()
        for frame in video("pan", 50)[:25]:
            data = cv2.imencode(".jpg", frame.image)[1].tobytes()
            head = f"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: {len(data)}\r\n\r\n"
            self.wfile.write(head.encode() + data + b"\r\n")
            time.sleep(0.04)

    def log_message(self, *_):
        pass


def test_a_camera_that_is_unplugged_leaves_a_complete_recording(tmp_path):
    server = ThreadingHTTPServer(("127.0.0.1", 0), Camera)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        url = f"http://127.0.0.1:{server.server_address[1]}/camera.mjpg"
        target = tmp_path / "out.avi"
        with pytest.raises(ImageError, match=r"the stream ended after \d+ frames; ") as error:
            webcam.show(Settings(url, target, window=False, detector=QUICK))
    finally:
        server.shutdown()
        server.server_close()
    assert ", 1 face, " in str(error.value)
    assert 15 <= int(str(error.value).split("after ")[1].split()[0]) <= 25
    assert len(read_video(target)[0]) >= 5


@pytest.mark.parametrize("suffix", [".mp4", ".avi"])
def test_a_film_that_ends_early_is_recorded_and_said(tmp_path, capsys, suffix):
    options = {"movflags": "faststart"} if suffix == ".mp4" else {}
    part = cut(film(tmp_path / f"film{suffix}", [i / 30 for i in range(60)], **options))
    target = tmp_path / "out.mp4"
    given = ["--source", str(part), "--no-window", "--record", str(target), "--threads", "1"]
    assert main(["webcam", *given]) == 1
    out, err = capsys.readouterr()
    frames = len(read_video(target)[0])
    assert out == ""
    assert f"{frames} of 60 frames could be read; it ends early; {frames} frames, 0 faces" in err
    assert 2 <= frames < 50


def test_a_tracker_gets_the_times_of_the_film(tmp_path, monkeypatch):
    times = [0.0, 0.033, 0.066, 1.066, 3.066]
    path, given = film(tmp_path / "film.mp4", times), []
    update = Tracker.update
    monkeypatch.setattr(Tracker, "update", lambda t, f, at: (given.append(at), update(t, f, at))[1])
    webcam.show(Settings(str(path), tmp_path / "out.mp4", window=False, detector=QUICK))
    np.testing.assert_allclose(given, times, atol=0.001)
    frames, fps = read_video(tmp_path / "out.mp4")
    assert len(frames) / fps == pytest.approx(4.066, abs=0.05)  # the last one lasts a second


# --- windows


def environment(**changes):
    kept = {k: v for k, v in os.environ.items() if k not in ("DISPLAY", "WAYLAND_DISPLAY")}
    return kept | changes


EXAMPLE = """
import runpy, sys, cv2
wait, calls = cv2.waitKey, []
def pressed(delay):
    wait(delay)
    calls.append(delay)
    return ord("q") if len(calls) == 5 else -1
cv2.waitKey = pressed
runpy.run_path(sys.argv.pop(1), run_name="__main__")
"""


def test_the_example_shows_a_video(clip, screen):
    done = subprocess.run(
        [sys.executable, "-c", EXAMPLE, str(EXAMPLES / "webcam.py"), str(clip)],
        env=environment(DISPLAY=screen[0]),
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE,
    )
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) == 5
    assert done.stdout.startswith("face 0: tip of the nose at ")


def test_the_example_says_where_there_is_no_video(tmp_path):
    program = [sys.executable, str(EXAMPLES / "webcam.py"), str(tmp_path / "none.avi")]
    done = subprocess.run(program, capture_output=True, text=True, check=False, timeout=PATIENCE)
    assert done.returncode == 1
    assert "none.avi: no camera or video that can be read" in done.stderr


def test_frames_are_drawn_side_by_side(clip, tmp_path):
    strip = [sys.executable, str(EXAMPLES / "strip.py"), str(clip)]
    out = tmp_path / "out.png"
    subprocess.run([*strip, str(out), "0", "5", "9"], check=True, timeout=PATIENCE)
    assert cv2.imread(str(out)).shape == (240, 3 * 240 + 2 * 4, 3)
    failed = subprocess.run(
        [*strip, str(out), "99"], capture_output=True, text=True, check=False, timeout=PATIENCE
    )
    assert failed.returncode == 1
    assert "has 10 frames" in failed.stderr
