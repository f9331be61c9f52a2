"""Recordings keep the time of their pictures."""

import shutil

import cv2
import numpy as np
import pytest

from lapland import LaplandError
from lapland.footage.recording import Recording, part_of
from lapland.footage.source import opened
from tests.films import VARIABLE, film, number_of, picture


def recorded(path):
    """Number of each frame, and the rate."""
    capture, numbers = cv2.VideoCapture(str(path)), []
    while (frame := capture.read())[0]:
        numbers.append(number_of(frame[1]))
    return numbers, capture.get(cv2.CAP_PROP_FPS)


def write(path, times, fps, live=False):
    with Recording(path, fps, live) as recording:
        for number, at in enumerate(times):
            recording.write(picture(number), at)
    return recorded(path)


def test_pictures_are_repeated_and_left_out(tmp_path):
    times = [0.0, 0.1, 0.11, 0.12, 0.5, 0.6]
    numbers, fps = write(tmp_path / "out.avi", times, 10.0, live=True)
    assert fps == pytest.approx(10)
    assert numbers == [0, 1, 3, 3, 3, 4, 5]


def test_the_last_picture_of_a_film_lasts_as_long_as_those_before_it(tmp_path):
    assert write(tmp_path / "film.avi", [0.0, 0.3, 0.6], 10.0)[0] == [0] * 3 + [1] * 3 + [2] * 3
    assert write(tmp_path / "two.avi", [0.0, 0.2], 10.0)[0] == [0, 0, 1, 1]
    assert write(tmp_path / "one.avi", [0.0], 10.0)[0] == [0]
    # A pause before it, as in a recording of a screen where nothing moved, does not come twice.
    assert write(tmp_path / "pause.avi", [0.0, 0.1, 0.4], 10.0)[0] == [0, 1, 1, 1, 2]


@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".avi"])
def test_a_regular_film_keeps_each_frame(tmp_path, suffix):
    for fps in (25.0, 30.0, 29.97):
        times = [i / fps for i in range(40)]
        assert write(tmp_path / f"out{suffix}", times, fps)[0] == list(range(40))
        millis = [round(at, 3) for at in times]  # as the stamps of some containers
        assert write(tmp_path / f"out{suffix}", millis, fps)[0] == list(range(40))


@pytest.mark.parametrize("suffix", [".mp4", ".webm"])
def test_a_film_of_variable_rate_has_its_length_again(tmp_path, suffix):
    source_path = film(tmp_path / f"film{suffix}", VARIABLE)
    with (
        opened(str(source_path)) as source,
        Recording(tmp_path / "out.mp4", source.rate(), live=False) as recording,
    ):
        for image, seconds in source:
            recording.write(image, seconds)
    numbers, fps = recorded(tmp_path / "out.mp4")
    assert fps == pytest.approx(30, rel=0.01)
    assert len(numbers) / fps == pytest.approx(11.0, abs=0.05)  # 10.5 s and the last frame
    first = [numbers.index(n) / fps for n in range(110)]
    np.testing.assert_allclose(first, VARIABLE, atol=0.6 / 30)


def test_sizes_may_change(tmp_path):
    with Recording(tmp_path / "out.avi", 10.0, live=True) as recording:
        recording.write(picture(1), 0.0)
        recording.write(cv2.resize(picture(2), (640, 480)), 0.1)
    assert recorded(tmp_path / "out.avi")[0] == [1, 2]


def test_it_has_its_name_when_it_is_complete(tmp_path):
    path = tmp_path / "folder" / "out.mp4"
    recording = Recording(path, 25.0, live=False)
    recording.write(picture(0), 0.0)
    assert part_of(path).exists()
    assert not path.exists()
    recording.close()
    assert path.exists()
    assert not part_of(path).exists()
    with pytest.raises(LaplandError, match="cannot be written"):
        Recording(tmp_path, 25.0, live=False).write(picture(0), 0.0)


def interrupted(path):
    with Recording(path, 25.0, live=False) as recording:
        for number in range(5):
            recording.write(picture(number), number / 25)
        raise KeyboardInterrupt


def test_a_block_that_fails_leaves_it_without_its_name(tmp_path):
    path = tmp_path / "out.mp4"
    path.write_bytes(b"an older one")
    with pytest.raises(KeyboardInterrupt):
        interrupted(path)
    assert path.read_bytes() == b"an older one"
    assert recorded(part_of(path))[0] == list(range(5))


def test_it_stops_while_there_is_room_to_complete_it(tmp_path, monkeypatch):
    path, usage = tmp_path / "out.mp4", shutil.disk_usage(tmp_path)
    looks = iter([usage, usage, usage._replace(free=1000)])
    monkeypatch.setattr(shutil, "disk_usage", lambda _: next(looks))
    with pytest.raises(LaplandError, match=r"out\.mp4: the disk is full; make room") as error:
        write(path, [number / 25 for number in range(200)], 25.0)
    assert str(error.value).endswith(f"; 127 frames are in {part_of(path)}")
    assert len(recorded(part_of(path))[0]) == 127
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=1000))
    with pytest.raises(LaplandError, match=r"try again$"):
        write(tmp_path / "none.mp4", [0.0], 25.0)
    assert not part_of(tmp_path / "none.mp4").exists()
