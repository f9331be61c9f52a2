"""`lapland.track`: a video in one call."""

import cv2
import numpy as np
import pytest

from lapland import Detector, Tracker, track
from tests.blinking import film

FPS, BLINKS = 10, 2


@pytest.fixture(scope="module")
def clip(image, tmp_path_factory):
    """A film of a face that blinks twice."""
    path = tmp_path_factory.mktemp("film") / "clip.avi"
    image = image[:256, 100:356]
    landmarks = Detector(threads=1).predict(image).landmarks[0]
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), FPS, (256, 256))
    for _, frame in film(image, landmarks, fps=FPS, blinks=BLINKS, length=0.3):
        writer.write(frame)
    writer.release()
    return path


def test_one_call_yields_time_frame_and_faces(clip):
    tracker = Tracker(Detector("1/4-lite", weights="300w", threads=1), background=False)
    seen = list(track(clip, tracker))
    assert [time for time, _, _ in seen] == pytest.approx(np.arange(len(seen)) / FPS, abs=1e-3)
    assert all(frame.shape == (256, 256, 3) for _, frame, _ in seen)
    assert {face.id for _, _, faces in seen for face in faces} == {0}
