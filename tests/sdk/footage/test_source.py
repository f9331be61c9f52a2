"""Films: the times of frames, films that end early, pixels that are not square."""

import functools
import re
import threading
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import cv2
import numpy as np
import pytest

from lapland import ImageError, ImageNotFoundError
from lapland.footage.source import Source, opened
from tests.films import SIZE, VARIABLE, cut, film, number_of

REGULAR = [i / 30 for i in range(60)]


def read(path):
    """Times and numbers of the frames, and why some are missing."""
    with opened(str(path)) as source:
        frames = [(seconds, number_of(image)) for image, seconds in source]
        times, numbers = zip(*frames, strict=True)
        return np.array(times), list(numbers), source.missing


@pytest.mark.parametrize("fps", [10, 25])
def test_frames_of_a_file_come_at_the_times_of_its_rate(tmp_path, fps):
    path = str(tmp_path / "clip.avi")
    video = cv2.VideoWriter(path, cv2.VideoWriter.fourcc(*"MJPG"), fps, (64, 48))
    if not video.isOpened():
        pytest.skip(f"OpenCV {cv2.__version__} writes no MJPG here")
    for grey in (0, 100, 200):
        video.write(np.full((48, 64, 3), grey, np.uint8))
    video.release()
    with opened(path) as source:
        assert source.fps == pytest.approx(fps)
        assert not source.live
        frames = list(source)
    assert [time for _, time in frames] == pytest.approx([0, 1 / fps, 2 / fps])
    assert [float(image.mean()) for image, _ in frames] == pytest.approx([0, 100, 200], abs=3)


@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".mkv", ".webm", ".ts"])
def test_times_are_those_of_the_container(tmp_path, suffix):
    times, numbers, missing = read(film(tmp_path / f"film{suffix}", VARIABLE))
    np.testing.assert_allclose(times, VARIABLE, atol=0.001)
    assert numbers == list(range(110))
    assert missing is None


def test_a_film_that_starts_late_and_has_a_pause_begins_at_0(tmp_path):
    given = np.array([5.0, 5.1, 65.1, 65.2])
    times, _, missing = read(film(tmp_path / "film.mp4", given))
    np.testing.assert_allclose(times, given - 5, atol=0.001)
    assert missing is None


@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".webm", ".ts", ".flv"])
def test_films_that_start_late_or_before_0_are_whole(tmp_path, suffix):
    for start in (7.5, -0.5):
        given = np.array(REGULAR) + start
        times, numbers, missing = read(film(tmp_path / f"film{suffix}", given))
        # The edit list of an mp4 hides what lies before 0, and it still counts those frames.
        hidden = 15 if suffix == ".mp4" and start < 0 else 0
        assert numbers == list(range(hidden, 60))
        np.testing.assert_allclose(times, REGULAR[: 60 - hidden], atol=0.001)
        assert missing is None


@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".webm", ".ts", ".flv"])
def test_a_film_whose_sound_is_longer_is_whole(tmp_path, suffix):
    whole = film(tmp_path / f"film{suffix}", REGULAR[:20], sound=3.0)
    assert read(whole)[1:] == (list(range(20)), None)


@pytest.mark.parametrize("suffix", [".mkv", ".webm", ".flv"])
def test_two_pictures_of_one_stamp_come_one_after_the_other(tmp_path, suffix):
    given = np.array([*REGULAR[:10], *[REGULAR[9]] * 2, *REGULAR[10:]])
    times, numbers, _ = read(film(tmp_path / f"film{suffix}", given))
    assert numbers == list(range(62))
    assert (np.diff(times) > 0).all()
    np.testing.assert_allclose(times, given, atol=0.0035)
    np.testing.assert_allclose(times[12:], given[12:], atol=0.001)  # nothing is put off


def test_pauses_of_minutes_and_hours(tmp_path):
    given = np.array([0.0, 0.04, 180.0, 180.04, 7380.0])
    for suffix in (".mp4", ".mkv", ".ts"):
        times, _, missing = read(film(tmp_path / f"film{suffix}", given))
        np.testing.assert_allclose(times, given, atol=0.001)
        assert missing is None


class Server(SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


def test_a_film_by_its_address_has_its_own_times(tmp_path):
    film(tmp_path / "film.mp4", VARIABLE, movflags="faststart")
    serve = functools.partial(Server, directory=str(tmp_path))
    with ThreadingHTTPServer(("127.0.0.1", 0), serve) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            times, numbers, missing = read(f"http://127.0.0.1:{server.server_port}/film.mp4")
        finally:
            server.shutdown()
    np.testing.assert_allclose(times, VARIABLE, atol=0.001)
    assert (numbers, missing) == (list(range(110)), None)


@pytest.mark.parametrize(
    ("times", "rate"),
    [
        (VARIABLE, 30),
        (REGULAR, 30),
        ([i / 25 for i in range(20)], 25),
        (np.array(REGULAR) * 0.5, 60),
        ([2 * i for i in range(5)], 1),  # the slowest of a recording
        ([0.0], None),
    ],
)
@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_the_rate_is_that_of_the_fastest_part(tmp_path, times, rate, suffix):
    with opened(str(film(tmp_path / f"film{suffix}", times))) as source:
        assert source.rate() == (source.fps if rate is None else pytest.approx(rate, rel=0.01))


@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".mkv", ".webm", ".ts", ".avi", ".flv"])
@pytest.mark.parametrize("sound", [0.0, 2.0])
def test_a_film_that_is_cut_says_so(tmp_path, suffix, sound):
    options = {"movflags": "faststart"} if suffix in (".mp4", ".mov") else {}
    whole = film(tmp_path / f"film{suffix}", REGULAR, sound=sound, **options)
    assert read(whole)[2] is None
    times, _, missing = read(cut(whole))
    assert 2 <= len(times) < 50
    assert re.fullmatch(rf"{len(times)}( of \d+)? frames could be read; it ends early", missing)
    if suffix not in (".ts", ".flv"):  # these count nothing
        assert re.search(" of 6[01] frames", missing)


def test_a_source_that_was_left_is_not_missing_anything(tmp_path):
    with opened(str(film(tmp_path / "film.mp4", REGULAR))) as source:
        for _ in source:
            break
        assert source.missing is None


def test_pixels_become_square(tmp_path):
    for ratio, size in (((2, 1), (640, 240)), ((1, 2), (320, 480)), ((1, 1), SIZE)):
        with opened(str(film(tmp_path / "film.mp4", [0, 0.04], ratio=ratio))) as source:
            assert {image.shape for image, _ in source} == {(size[1], size[0], 3)}


class Capture:
    """What OpenCV gives of a camera, or of a file without stamps."""

    def __init__(self, frames, stamps=None):
        self._frames, self._stamps = frames, stamps or [0.0] * frames
        self._read = 0

    def get(self, what):
        if what == cv2.CAP_PROP_POS_MSEC:
            return self._stamps[self._read - 1]
        return 25.0 if what == cv2.CAP_PROP_FPS else 0.0

    def read(self):
        self._read += 1
        there = self._read <= self._frames
        return there, np.zeros((4, 4, 3), np.uint8) if there else None


def test_without_stamps_the_rate_counts():
    source = Source("film.avi", False, Capture(4))
    np.testing.assert_allclose([at for _, at in source], [0, 0.04, 0.08, 0.12])


def test_stamps_that_go_back():
    back = Source("film.avi", False, Capture(4, [0.0, 40.0, 10.0, 120.0]))
    np.testing.assert_allclose([at for _, at in back], [0, 0.04, 0.041, 0.12])
    joined = Source("film.avi", False, Capture(5, [5000.0, 9000.0, 0.0, 100.0, 300.0]))
    np.testing.assert_allclose([at for _, at in joined], [0, 4, 4.04, 4.14, 4.34])


def test_a_camera_has_the_time_of_the_machine_and_its_end_is_said():
    now = iter([7.0, 7.5, 9.0])
    source = Source("0", True, Capture(3), clock=lambda: next(now))
    assert [at for _, at in source] == [0, 0.5, 2.0]
    assert source.missing == "the stream ended after 3 frames"


def test_no_file_and_no_film(tmp_path):
    with pytest.raises(ImageNotFoundError, match="no such file"), opened("no/such.mp4"):
        pass
    (tmp_path / "film.mp4").write_text("no film")
    with pytest.raises(ImageError, match="cannot read"), opened(str(tmp_path / "film.mp4")):
        pass


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".tif", ".webp", ".gif"])
def test_a_photo_is_no_film(tmp_path, suffix):
    pillow = pytest.importorskip("PIL.Image")
    path = tmp_path / f"photo{suffix}"
    pillow.fromarray(np.zeros((48, 64, 3), np.uint8)).save(path)
    with (
        pytest.raises(ImageError, match=r"a photo, not a film; `lapland predict`"),
        opened(str(path)),
    ):
        pass


def test_an_animation_is_a_film(tmp_path):
    pillow = pytest.importorskip("PIL.Image")
    frames = [pillow.fromarray(np.full((48, 64, 3), grey, np.uint8)) for grey in (0, 100, 200)]
    path = tmp_path / "moving.gif"
    frames[0].save(path, save_all=True, append_images=frames[1:], duration=100)
    times, _, missing = read(path)
    assert len(times) == 3
    assert missing is None
