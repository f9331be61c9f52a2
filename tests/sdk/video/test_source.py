"""Frames of a file, with their times."""

import cv2
import numpy as np
import pytest

from lapland.video.source import opened


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
