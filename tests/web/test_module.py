"""The JavaScript module: its own test, its types, and its numbers beside Python's."""

import base64
import json
import re
import shutil
import subprocess

import cv2
import numpy as np
import pytest

from lapland import Detector
from lapland.crop.halves import Halves
from tests.conftest import ROOT
from tests.documents.blocks import blocks
from tests.processes import PATIENCE

WEB = ROOT / "web"
# Quickly compiled WebAssembly gives the same numbers; to compile it well takes seconds.
QUICKLY = "--liftoff-only"


def run(*command, given=None, folder=WEB):
    done = subprocess.run(
        command,
        cwd=folder,
        input=given,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return done.stdout


def test_its_own_test(built, node):
    # Without `--test`, which starts a second process for the file.
    assert "\n# fail 0" in run(node, "--test-reporter=tap", "tests/module.test.js")


def test_its_types(node):
    run(node, "--no-opt", "node_modules/typescript/bin/tsc")  # to compile it well takes longer


# All that is compared with Python, in one process: to start the networks takes longer than to run
# them here.
PROGRAM = """
import { readFile } from "node:fs/promises";
import { PNG } from "pngjs";
import { load } from "./lapland/index.js";
import { Halves, padded } from "./lapland/shrinking.js";
const [folder, model, file] = process.argv.slice(-3);
const asked = JSON.parse(await readFile(file));
const lapland = await load((file) => readFile(`${folder}/models/${file}`), { model });
const png = async (file) => PNG.sync.read(await readFile(file));
const found = { located: [], detected: [], shrunk: [] };
for (const [file, five] of asked.locate) {
  const [face] = await lapland.locate(await png(file), [five]);
  const radii = [0.001, 0.5, 0.9, 0.999].map((probability) => face.radius(probability));
  found.located.push({ ...face, radii });
}
for (const file of asked.detect) found.detected.push(await lapland.detect(await png(file)));
for (const [file, width, height] of asked.shrink) {
  const image = new Halves(await png(file)).at(width, height);
  found.shrunk.push(Buffer.from(padded(image, 1).pixels).toString("base64"));
}
console.log(JSON.stringify(found));
"""


@pytest.fixture(scope="module")
def detector():
    return Detector(precision="float32", threads=1)


@pytest.fixture(scope="module")
def found(built, node, detector, tmp_path_factory):
    """What the module finds in all pictures of the tests below."""
    folder = tmp_path_factory.mktemp("module")

    def written(image):
        file = folder / f"{len(list(folder.iterdir()))}.png"
        cv2.imwrite(str(file), image)
        return str(file)

    asked = {
        "locate": [(written(image), five.tolist()) for image, five in photos()],
        "detect": [written(image) for image in (*scenes(), *turned_ones())],
        "shrink": [
            (file, *size)
            for image in to_shrink()
            for file in [written(image)]
            for size in sizes_of(image)
        ],
    }
    (folder / "asked.json").write_text(json.dumps(asked))
    arguments = (str(built), detector.model.name, str(folder / "asked.json"))
    return json.loads(run(node, QUICKLY, "--input-type=module", "-", *arguments, given=PROGRAM))


def photos():
    """The astronaut in some conditions, and the five points in each."""
    image = cv2.imread(str(ROOT / "examples" / "astronaut.png"))
    five = np.array([[204.0, 100], [246, 102], [225, 127], [202, 139], [244, 141]])
    noise = np.random.default_rng(0).normal(0, 30, image.shape)
    yield image, five
    yield (image + noise).clip(0, 255).astype(np.uint8), five
    yield image[80:, 190:], five - [190, 80]  # cut off: landmarks lie beyond the border
    yield cv2.resize(image, None, fx=3, fy=3, interpolation=cv2.INTER_CUBIC), five * 3 + 1


def test_landmarks_radii_and_confidence_are_pythons(found, detector):
    for face, (image, five) in zip(found["located"], photos(), strict=True):
        faces, extent = detector.predict(image, five_points=five[None]), np.ptp(five, axis=0)
        off = np.linalg.norm(np.array(face["landmarks"]) - faces.landmarks[0], axis=1)
        # A fifth of a pixel of the crop; OpenCV 4 crops more coarsely than 5.
        assert off.max() < 0.2 * extent.max() * 3 / 80
        assert face["confidence"] == pytest.approx(faces.confidence[0], abs=0.02)
        for radii, probability in zip(face["radii"], (0.001, 0.5, 0.9, 0.999), strict=True):
            np.testing.assert_allclose(radii, faces.radius(probability)[0], rtol=0.1)


def to_shrink():
    """Noise, and a photo."""
    yield np.random.default_rng(0).integers(0, 256, (201, 333, 3), dtype=np.uint8)
    yield cv2.imread(str(ROOT / "examples" / "astronaut.png"))


def sizes_of(image):
    height, width = image.shape[:2]
    yield from ((width // k, height // k) for k in (1, 2, 3, 5, 8))
    yield from ((128, 77), (9, 3), (1, 1), (400, 601))


def test_shrunk_pictures_have_pythons_pixels(found):
    asked = [(image, size) for image in to_shrink() for size in sizes_of(image)]
    for pixels, (image, size) in zip(found["shrunk"], asked, strict=True):
        assert base64.b64decode(pixels) == Halves(image).at(*size).tobytes()


def crowd():
    """The astronaut in many sizes beside one another, upright and leaning; a face of each
    network, and some that are too small."""
    photo = cv2.imread(str(ROOT / "examples" / "astronaut.png"))[20:220, 120:320]
    scene = np.full((700, 1100, 3), 90, np.uint8)
    left, top = 0, 0
    for number, side in enumerate((420, 60, 80, 100, 120, 150, 180, 220, 260, 300)):
        if left + side > scene.shape[1]:
            left, top = 0, 430
        turn = cv2.getRotationMatrix2D((99.5, 99.5), 30 * (number % 3) - 30, 1)
        face = cv2.warpAffine(photo, turn, (200, 200), borderMode=cv2.BORDER_REPLICATE)
        face = cv2.resize(face, (side, side), interpolation=cv2.INTER_AREA)
        part = scene[top : top + side, left : left + side]
        part[:] = face[: part.shape[0], : part.shape[1]]
        left += side
    return scene


def scenes():
    """Photos of many sizes and shapes, with several faces, one, or none."""
    astronaut = cv2.imread(str(ROOT / "examples" / "astronaut.png"))
    yield crowd()
    for photo in sorted((ROOT / "examples" / "gallery").glob("*.jpg")):
        yield cv2.imread(str(photo))
    yield astronaut
    yield astronaut[60:190, 150:270]  # a face as large as the photo
    yield astronaut[:, 190:]  # cut off
    yield astronaut[40:200, 200:245]
    yield cv2.resize(astronaut, (1500, 1250), interpolation=cv2.INTER_CUBIC)
    yield cv2.resize(astronaut, (151, 140), interpolation=cv2.INTER_AREA)
    yield astronaut[:1, :3]
    yield np.full((480, 640, 3), 90, np.uint8)


def test_faces_are_those_that_python_finds(found, detector):
    images = list(scenes())
    counts = []
    for image, faces in zip(images, found["detected"][: len(images)], strict=True):
        expected = detector.predict(image)
        counts.append(len(expected))
        assert len(faces) == len(expected)
        for number, face in enumerate(faces):
            np.testing.assert_allclose(face["box"], expected.boxes[number], atol=0.1)
            assert face["score"] == pytest.approx(expected.scores[number], abs=0.02)
            np.testing.assert_allclose(face["fivePoints"], expected.five_points[number], atol=0.1)
            off = np.array(face["landmarks"]) - expected.landmarks[number]
            assert np.linalg.norm(off, axis=1).max() < 0.5
    assert max(counts) > 4
    assert {0, 1} <= set(counts)


def turned(side, degrees):
    """The astronaut, turned: the detector sees a face the wrong way up in some of them."""
    image = cv2.imread(str(ROOT / "examples" / "astronaut.png"))
    image = cv2.resize(image[:350, 50:400], (side, side), interpolation=cv2.INTER_AREA)
    turn = cv2.getRotationMatrix2D(((side - 1) / 2, (side - 1) / 2), degrees, 1)
    photo = np.full((480, 640, 3), 90, np.uint8)
    photo[:side, :side] = cv2.warpAffine(image, turn, (side, side), borderMode=cv2.BORDER_REPLICATE)
    return photo


def turned_ones():
    return [turned(side, degrees) for side in (160, 320) for degrees in range(15, 375, 45)]


def test_faces_found_the_wrong_way_up_are_placed_anew_or_dropped_as_in_python(found, detector):
    images = turned_ones()
    outcomes = set()
    for image, module in zip(images, found["detected"][-len(images) :], strict=True):
        faces = detector.predict(image)
        _, _, points = detector.networks.faces.detect(image)
        if len(faces) < len(points):
            outcomes.add("dropped")
        elif len(faces):
            same = np.abs(faces.five_points - points).max() < 1
            outcomes.add("kept" if same else "placed anew")
        assert len(module) == len(faces)
        for one, face in zip(module, faces, strict=True):
            unit = np.ptp(face.five_points, axis=0).max() * 3 / 80
            off = np.linalg.norm(np.array(one["landmarks"]) - face.landmarks, axis=1)
            assert off.mean() < unit
            np.testing.assert_allclose(one["box"], face.box, atol=2 * unit)
            assert one["confidence"] == pytest.approx(face.confidence, abs=0.1)
    assert outcomes >= {"kept", "placed anew"}


def test_the_example_of_the_document_runs(built, node, tmp_path):
    (example,) = (b for b in blocks(ROOT / "docs" / "browser.md") if "node:fs" in b.text)
    folder = tmp_path / "project"
    folder.mkdir()
    shutil.copytree(built / "lapland", folder / "lapland")
    (folder / "models").symlink_to(built / "models")
    (folder / "node_modules").symlink_to(WEB / "node_modules")
    shutil.copy(ROOT / "examples" / "astronaut.png", folder / "photo.png")
    (folder / "example.mjs").write_text(example.text)
    assert example.output is None
    printed = run(node, QUICKLY, "example.mjs", folder=folder)
    assert re.fullmatch(r"\[ 22\d\.\d+, 12\d\.\d+ \] \d\.\d+ [01]\.\d+\s*", printed), printed
