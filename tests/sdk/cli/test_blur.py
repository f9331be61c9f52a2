"""`lapland blur`: faces of photos and videos are gone, the rest stays."""

import cv2
import numpy as np
import pytest

from lapland import Detector, Faces, OptionError, blur
from lapland.cli.main import main

PHOTO = "examples/astronaut.png"


@pytest.fixture(scope="module")
def face():
    return Detector(threads=1).predict(PHOTO)


def sharpness(image, face):
    x1, y1, x2, y2 = face.boxes[0].astype(int)
    return cv2.Laplacian(image[y1:y2, x1:x2], cv2.CV_64F).std()


@pytest.mark.parametrize("style", ["blur", "pixelate", "fill"])
def test_nobody_is_found_in_a_blurred_photo(face, style):
    image = cv2.imread(PHOTO)
    hidden = blur(image, face, style)
    assert len(Detector(threads=1).predict(hidden)) == 0
    changed = (hidden != image).any(axis=-1)
    assert changed[face[0].mask(PHOTO)].mean() > 0.9
    assert not changed[250:].any()
    assert not changed[:, :100].any()


def test_wrong_landmarks_do_not_uncover_a_face(face):
    """The detector's five points are hidden even if the landmarks lie elsewhere."""
    away = Faces(
        face.boxes, face.scores, face.five_points, face.landmarks + np.float32(150), face.scales
    )
    hidden = blur(PHOTO, away)
    assert sharpness(hidden, face) < 0.7 * sharpness(cv2.imread(PHOTO), face)


def test_faces_at_the_edge_and_huge_ones(face):
    image = np.full((40, 60, 3), 200, np.uint8)
    for shift, size in ((-200, 1), (0, 1e6), (1e7, 1)):
        moved = Faces(
            face.boxes,
            face.scores,
            face.five_points * size + shift,
            face.landmarks * np.float32(size) + np.float32(shift),
            face.scales,
        )
        assert blur(image, moved).shape == image.shape


def test_unknown_style(face):
    with pytest.raises(OptionError, match="'blur', 'pixelate', 'fill'"):
        blur(PHOTO, face, "sharpen")


def test_a_folder_keeps_its_names(tmp_path, capsys):
    photos = tmp_path / "photos"
    (photos / "day").mkdir(parents=True)
    cv2.imwrite(str(photos / "day" / "a.png"), cv2.imread(PHOTO))
    (photos / "broken.jpg").write_bytes(b"nothing")
    assert main(["blur", str(photos), "-o", str(tmp_path / "out"), "--threads", "1"]) == 1
    told = capsys.readouterr()
    assert "may have been missed" in told.out
    assert "broken.jpg" in told.err
    hidden = cv2.imread(str(tmp_path / "out" / "day" / "a.png"))
    assert len(Detector(threads=1).predict(hidden)) == 0


def test_originals_are_never_replaced(tmp_path, capsys):
    photo = tmp_path / "a.png"
    cv2.imwrite(str(photo), cv2.imread(PHOTO))
    before = photo.read_bytes()
    assert main(["blur", str(photo), "-o", str(tmp_path)]) == 2
    assert main(["blur", str(photo), "-o", str(photo)]) == 2
    assert photo.read_bytes() == before
    assert "place of an original" in capsys.readouterr().err


def test_a_video_is_blurred_in_every_frame(tmp_path):
    image = cv2.imread(PHOTO)[:256, 100:356].copy()
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
