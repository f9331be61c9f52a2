"""The page in headless Chromium, with a made video as its camera, against Python on its frames.

One run of `web/tests/page.js` does all that a person would do; the tests read its report.
`LAPLAND_SHOTS=FOLDER` keeps its screenshots.
"""

import base64
import json
import os
import shutil
import subprocess
from pathlib import Path

import cv2
import numpy as np
import pytest

from benchmarks.videos.scene import Person, background, paste, placed
from lapland import Detector
from lapland.networks import index
from tests.conftest import ROOT
from tests.processes import PATIENCE

FRAMES = 90  # of the video, which the browser repeats
VIDEO = index.default("video")


def write_video(path, photo):
    """A face that drifts over a room: JPEGs in a row, as Chromium's camera takes them."""
    landmarks = Detector(threads=1).predict(photo).landmarks[0].astype(np.float64)
    person = Person("astronaut", photo, landmarks)
    with path.open("wb") as video:
        for turn in np.sin(2 * np.pi * np.arange(FRAMES) / FRAMES):
            pose = placed(person, 320 + 40 * turn, 240, 130 + 10 * turn, 4 * turn)
            frame = paste(background(), person, pose).clip(0, 255).astype(np.uint8)
            video.write(cv2.imencode(".jpg", frame, [cv2.IMWRITE_JPEG_QUALITY, 95])[1].tobytes())


@pytest.fixture(scope="module")
def report(built, node, chromium, tmp_path_factory):
    out = tmp_path_factory.mktemp("page")
    video, large, wrong = out / "camera.mjpeg", out / "large.jpg", out / "wrong.jpg"
    photo = cv2.imread(str(ROOT / "examples" / "astronaut.png"))
    write_video(video, photo)
    cv2.imwrite(str(large), cv2.resize(photo, (2560, 2560), interpolation=cv2.INTER_CUBIC))
    wrong.write_text("no picture")
    command = [node, ROOT / "web" / "tests" / "page.js", built, chromium, video, large, wrong, out]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert done.returncode == 0, done.stderr
    if kept := os.environ.get("LAPLAND_SHOTS"):
        for shot in out.glob("*.png"):
            shutil.copy(shot, Path(kept))
    return json.loads((out / "report.json").read_text())


def frames_of(taken):
    """Pictures (H, W, 3) BGR that the page saw, and its faces."""
    for one in taken:
        png = np.frombuffer(base64.b64decode(one["png"]), np.uint8)
        yield cv2.imdecode(png, cv2.IMREAD_COLOR), one["faces"]


def distances(face, landmarks):
    """(K,) pixels."""
    return np.linalg.norm(np.array(face["landmarks"]) - landmarks, axis=-1)


def test_the_example_is_as_in_python(report):
    ((image, faces),) = frames_of(report["example"])
    expected = Detector(threads=1).predict(image)
    assert len(faces) == len(expected) == 1
    np.testing.assert_allclose(faces[0]["box"], expected.boxes[0], atol=0.5)
    np.testing.assert_allclose(faces[0]["fivePoints"], expected.five_points[0], atol=0.1)
    assert faces[0]["score"] == pytest.approx(expected.scores[0], abs=0.01)
    assert distances(faces[0], expected.landmarks[0]).mean() < 0.5
    assert faces[0]["confidence"] == pytest.approx(expected.confidence[0], abs=0.01)
    np.testing.assert_allclose(faces[0]["radius"], expected.radius(0.9)[0], rtol=0.1)


def test_a_large_photo_is_searched_and_cropped_as_in_python(report):
    ((image, faces),) = frames_of(report["large"])
    assert image.shape == (2048, 2048, 3)
    detector = Detector(VIDEO.width, precision="float32", threads=1)  # chosen before
    found = detector.predict(image)
    assert len(faces) == len(found) == 1
    np.testing.assert_allclose(faces[0]["box"], found.boxes[0], atol=0.5)
    np.testing.assert_allclose(faces[0]["fivePoints"], found.five_points[0], atol=0.1)
    assert distances(faces[0], found.landmarks[0]).max() < 0.5


@pytest.mark.parametrize(("taken", "precision"), [("camera", "int8"), ("float", "float32")])
def test_frames_of_the_camera_are_as_in_python(report, taken, precision):
    detector = Detector(VIDEO.width, precision=precision, threads=1)
    followed = 0
    for image, faces in frames_of(report[taken]):
        assert image.shape == (480, 640, 3)
        for face in faces:
            expected = detector.predict(image, five_points=[face["fivePoints"]])
            off = distances(face, expected.landmarks[0])
            # Processors round int8 differently.
            assert off.max() < 0.5 if precision == "float32" else off.mean() < 0.5
            assert face["confidence"] == pytest.approx(expected.confidence[0], abs=0.05)
            followed += 1
    assert followed >= len(report[taken]) - 1


def test_faces_that_are_followed_are_where_a_search_finds_them(report):
    detector = Detector(VIDEO.width, threads=1)
    off = []
    for image, faces in frames_of(report["camera"]):
        found = detector.predict(image).landmarks[0]
        side = np.sqrt(np.prod(np.ptp(found, axis=0)))
        off += [distances(face, found).mean() / side for face in faces]
    assert np.median(off) < 0.02
    assert max(off) < 0.04


def test_models_can_be_chosen(report):
    assert report["cameraModel"] == VIDEO.name
    assert set(report["models"]) <= set(index.shipped())
    terms = Detector(VIDEO.width).model.licence
    assert f"{VIDEO.name}: {terms}." in report["licence"]
    assert "ms" in report["times"]
    assert "%" in report["table"]


def test_nothing_leaves_the_device(report):
    own = (report["address"], "blob:", "data:")
    assert report["requests"]
    assert all(url.startswith(own) for url in report["requests"])
    assert report["messages"] == []


def test_it_works_without_a_network(report):
    assert report["offline"] == 1


def test_the_keyboard_reaches_all_controls_in_their_order(report):
    assert report["focus"] == ["file", "camera", "example", "model", "circles"]


def test_it_fits_a_small_screen(report):
    assert report["overflow"] <= 0


def test_it_stays_below_20_mb(built):
    assert sum(file.stat().st_size for file in built.rglob("*") if file.is_file()) < 20e6


def test_errors_say_what_to_do(report):
    assert "Choose a JPEG" in report["wrong"]
    assert "There is no camera" in report["noCamera"]
    assert "lacks WebAssembly SIMD" in report["noSimd"]
    assert report["stopped"] == ["Use the camera", "false"]
