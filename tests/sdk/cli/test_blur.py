"""`lapland blur`: faces of photos and videos are gone, the rest stays."""

import cv2
import numpy as np
import pytest

from lapland import Detector
from lapland.cli.main import main
from lapland.detection.registry import DETECTORS


def test_a_folder_keeps_its_names(image, tmp_path, capsys):
    photos = tmp_path / "photos"
    (photos / "day").mkdir(parents=True)
    cv2.imwrite(str(photos / "day" / "a.png"), image)
    (photos / "broken.jpg").write_bytes(b"nothing")
    assert main(["blur", str(photos), "-o", str(tmp_path / "out"), "--threads", "1"]) == 1
    told = capsys.readouterr()
    assert "may have been missed" in told.out
    assert "broken.jpg" in told.err
    hidden = cv2.imread(str(tmp_path / "out" / "day" / "a.png"))
    assert len(Detector(threads=1).predict(hidden)) == 0


@pytest.mark.parametrize("detector", ["largest", *DETECTORS])
def test_every_detector_blurs(photo, tmp_path, monkeypatch, detector):
    """One without low scores of its own, too."""
    monkeypatch.setitem(DETECTORS, "largest", DETECTORS["mtcnn"])
    out = str(tmp_path / "out.png")
    assert main(["blur", str(photo), "-o", out, "--detector", detector, "--threads", "1"]) == 0
    assert len(Detector(threads=1).predict(out)) == 0


def test_originals_are_never_replaced(image, tmp_path, capsys):
    photo = tmp_path / "a.png"
    cv2.imwrite(str(photo), image)
    before = photo.read_bytes()
    assert main(["blur", str(photo), "-o", str(tmp_path)]) == 2
    assert main(["blur", str(photo), "-o", str(photo)]) == 2
    assert photo.read_bytes() == before
    assert "place of an original" in capsys.readouterr().err


def test_a_video_is_blurred_in_every_frame(image, tmp_path):
    image = image[:256, 100:356]
    clip = tmp_path / "clip.avi"
    writer = cv2.VideoWriter(str(clip), cv2.VideoWriter.fourcc(*"MJPG"), 10, (256, 256))
    for number in range(8):
        # In one frame the face is hidden from the detector: its neighbours cover the place.
        writer.write(cv2.GaussianBlur(image, (0, 0), 9) if number == 4 else image)
    writer.release()
    assert main(["blur", str(clip), "-o", str(tmp_path / "out.avi"), "--threads", "1"]) == 0
    capture, frames = cv2.VideoCapture(str(tmp_path / "out.avi")), []
    while True:
        there, frame = capture.read()
        if not there:
            break
        frames.append(frame)
    assert len(frames) == 8
    detector = Detector(threads=1)
    assert [len(detector.predict(frame)) for frame in frames] == [0] * 8
    assert np.abs(frames[4].astype(int) - cv2.GaussianBlur(image, (0, 0), 9)).mean() > 2
