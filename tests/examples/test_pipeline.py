"""The examples without lapland give the landmarks of `Detector.predict`, in every language."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import onnxruntime
import pytest

from export import pipeline
from lapland import Detector
from tests.processes import PATIENCE
from training.common.paths import REPOSITORY

FOLDER = REPOSITORY / "examples" / "pipeline"
WIDTH, HEIGHT, MODEL = 320, 240, "rcn-1-16"
NOSE = 30


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A file for RGB, a photo of its size, and one twice as large and of another shape."""
    folder = tmp_path_factory.mktemp("examples")
    size = f"{WIDTH}x{HEIGHT}"
    pipeline.main(["--model", MODEL, "--size", size, "--colour", "rgb", "--out", str(folder)])
    face = cv2.imread(str(REPOSITORY / "examples" / "astronaut.png"))[:350, 50:400]
    image = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    image[:200, :200] = cv2.resize(face, (200, 200), interpolation=cv2.INTER_AREA)
    image[60:240, 140:320] = cv2.resize(face, (180, 180), interpolation=cv2.INTER_AREA)[:, ::-1]
    cv2.imwrite(str(folder / "same.ppm"), image)
    cv2.imwrite(str(folder / "other.ppm"), np.repeat(np.repeat(image[:, :300], 2, 0), 2, 1))
    return folder


@pytest.fixture(scope="module")
def expected(folder):
    """(N, 4) of each photo: x and y of the nose, radius of 90 %, confidence."""
    detector = Detector(model=REPOSITORY / "models" / MODEL / "model.onnx", threads=1)
    image = cv2.imread(str(folder / "same.ppm"))
    found = {}
    for name, part, rate in (("same", image, 1), ("other", image[:, :300], 2)):
        frame = np.zeros_like(image)
        frame[:, : part.shape[1]] = part
        faces = detector.predict(frame)
        nose = (faces.landmarks[:, NOSE] + 0.5) * rate - 0.5
        radius = faces.radius(0.9)[:, NOSE] * rate
        found[name] = np.column_stack([nose, radius, faces.confidence])
    return found


def printed(command, folder):
    """The numbers that a program prints."""
    environment = {**os.environ, "ORT_DISABLE_TELEMETRY": "1"}
    run = subprocess.run(
        [str(part) for part in command],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    assert run.returncode == 0, run.stderr
    lines = [line.split() for line in run.stdout.splitlines()]
    assert all((a, d, f) == ("nose", "radius", "confidence") for a, _, _, d, _, f, _ in lines)
    return np.array([[float(line[i]) for i in (1, 2, 4, 6)] for line in lines])


def compare(found, expected):
    assert len(found) == len(expected) == 2
    assert np.abs(found[:, :2] - expected[:, :2]).max() < 0.5
    np.testing.assert_allclose(found[:, 2], expected[:, 2], rtol=0.1)
    np.testing.assert_allclose(found[:, 3], expected[:, 3], atol=0.05)


def model_file(folder):
    return folder / f"{MODEL}-{WIDTH}x{HEIGHT}.onnx"


def node_modules():
    """The folder that holds onnxruntime-node; skips the test if there is none."""
    places = [*os.environ.get("NODE_PATH", "").split(os.pathsep), REPOSITORY / "web/node_modules"]
    for place in filter(None, places):
        if (Path(place) / "onnxruntime-node").is_dir():
            return Path(place)
    pytest.skip("onnxruntime-node is neither below NODE_PATH nor in web/node_modules")


@pytest.mark.parametrize("photo", ["same", "other"])
def test_python(folder, expected, photo):
    command = [sys.executable, FOLDER / "photo.py", model_file(folder), f"{photo}.ppm"]
    compare(printed(command, folder), expected[photo])


@pytest.mark.parametrize("photo", ["same", "other"])
def test_node(folder, expected, photo):
    node = shutil.which("node") or pytest.skip("there is no node")
    links = folder / "node_modules"
    modules = node_modules()
    if not links.exists():
        links.symlink_to(modules, target_is_directory=True)
    shutil.copy(FOLDER / "photo.mjs", folder)
    command = [node, "photo.mjs", model_file(folder), f"{photo}.ppm", f"{WIDTH}x{HEIGHT}"]
    compare(printed(command, folder), expected[photo])


@pytest.mark.parametrize(("language", "photo"), [("c", "same"), ("c++", "other")])
def test_c(folder, expected, language, photo):
    compiler = shutil.which("cc" if language == "c" else "c++") or pytest.skip("no compiler")
    libraries = sorted(Path(onnxruntime.__file__).parent.glob("capi/libonnxruntime.so.1.*"))
    if not libraries:
        pytest.skip("this onnxruntime comes without libonnxruntime.so")
    link = folder / "libonnxruntime.so.1"
    if not link.exists():
        link.symlink_to(libraries[0])
    program = folder / f"photo-{language}"
    subprocess.run(
        [
            *(compiler, "-x", language, "-Wall", "-Wextra", "-Werror", FOLDER / "photo.c"),
            *("-x", "none", "-o", program, "./libonnxruntime.so.1", f"-Wl,-rpath,{folder}"),
        ],
        cwd=folder,
        check=True,
    )
    command = [program, model_file(folder), f"{photo}.ppm", WIDTH, HEIGHT]
    compare(printed(command, folder), expected[photo])


def test_the_python_example_is_short():
    lines = (FOLDER / "photo.py").read_text(encoding="utf-8").splitlines()
    assert sum(bool(line) for line in lines[1:]) <= 21
