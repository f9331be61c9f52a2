"""The JavaScript module: its own test, its types, and its numbers beside Python's."""

import json
import re
import shutil
import subprocess

import cv2
import numpy as np
import pytest

from lapland import Detector
from tests.conftest import ROOT
from tests.documents.blocks import blocks

WEB = ROOT / "web"


def run(*command, given=None, folder=WEB):
    done = subprocess.run(
        command, cwd=folder, input=given, capture_output=True, text=True, timeout=600, check=False
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return done.stdout


def test_its_own_test(built, node):
    assert "\n# fail 0" in run(node, "--test", "--test-reporter=tap", "tests/module.test.js")


def test_its_types(node):
    run(node, "node_modules/typescript/bin/tsc")


LOCATE = """
import { readFile } from "node:fs/promises";
import { PNG } from "pngjs";
import { load } from "./lapland/index.js";
const [folder, model, photos] = process.argv.slice(-3);
const lapland = await load((file) => readFile(`${folder}/models/${file}`), { model });
for (const { file, five } of JSON.parse(photos)) {
  const [face] = await lapland.locate(PNG.sync.read(await readFile(file)), [five]);
  const radii = [0.001, 0.5, 0.9, 0.999].map((probability) => face.radius(probability));
  console.log(JSON.stringify({ ...face, radii }));
}
"""


def photos():
    """The astronaut in some conditions, and the five points in each."""
    image = cv2.imread(str(ROOT / "examples" / "astronaut.png"))
    five = np.array([[204.0, 100], [246, 102], [225, 127], [202, 139], [244, 141]])
    noise = np.random.default_rng(0).normal(0, 30, image.shape)
    yield image, five
    yield (image + noise).clip(0, 255).astype(np.uint8), five
    yield image[80:, 190:], five - [190, 80]  # cut off: landmarks lie beyond the border
    yield cv2.resize(image, None, fx=5, fy=5, interpolation=cv2.INTER_CUBIC), five * 5 + 2


def test_landmarks_radii_and_confidence_are_pythons(built, node, tmp_path):
    detector = Detector(precision="float32", threads=1)
    wanted, expected = [], []
    for number, (image, five) in enumerate(photos()):
        file = tmp_path / f"{number}.png"
        cv2.imwrite(str(file), image)
        wanted.append({"file": str(file), "five": five.tolist()})
        expected.append((detector.predict(image, five_points=five[None]), np.ptp(five, axis=0)))
    arguments = (str(built), detector.model.name, json.dumps(wanted))
    printed = run(node, "--input-type=module", "-", *arguments, given=LOCATE)
    for line, (faces, extent) in zip(printed.splitlines(), expected, strict=True):
        face = json.loads(line)
        off = np.linalg.norm(np.array(face["landmarks"]) - faces.landmarks[0], axis=1)
        # A fifth of a pixel of the crop; OpenCV 4 crops more coarsely than 5.
        assert off.max() < 0.2 * extent.max() * 3 / 80
        assert face["confidence"] == pytest.approx(faces.confidence[0], abs=0.02)
        for radii, probability in zip(face["radii"], (0.001, 0.5, 0.9, 0.999), strict=True):
            np.testing.assert_allclose(radii, faces.radius(probability)[0], rtol=0.1)


DETECT = """
import { readFile } from "node:fs/promises";
import { PNG } from "pngjs";
import { load } from "./lapland/index.js";
const [folder, model, files] = process.argv.slice(-3);
const lapland = await load((file) => readFile(`${folder}/models/${file}`), { model });
for (const file of JSON.parse(files)) {
  console.log(JSON.stringify(await lapland.detect(PNG.sync.read(await readFile(file)))));
}
"""


def turned(side, degrees):
    """The astronaut, turned: the detector sees a face the wrong way up in most of them."""
    image = cv2.imread(str(ROOT / "examples" / "astronaut.png"))
    image = cv2.resize(image[:350, 50:400], (side, side), interpolation=cv2.INTER_AREA)
    turn = cv2.getRotationMatrix2D(((side - 1) / 2, (side - 1) / 2), degrees, 1)
    photo = np.full((480, 640, 3), 90, np.uint8)  # the size in which the module searches
    photo[:side, :side] = cv2.warpAffine(image, turn, (side, side), borderMode=cv2.BORDER_REPLICATE)
    return photo


def test_faces_found_the_wrong_way_up_are_placed_anew_or_dropped_as_in_python(
    built, node, tmp_path
):
    detector = Detector(precision="float32", threads=1)
    files, expected, outcomes = [], [], set()
    views = [(160, 60), (280, 60), (300, 300), (240, 255), (300, 135), (300, 0)]
    for number, (side, degrees) in enumerate(views):
        image = turned(side, degrees)
        files.append(str(tmp_path / f"{number}.png"))
        cv2.imwrite(files[-1], image)
        faces = detector.predict(image)
        _, _, points = detector.networks.faces.detect(image)
        expected.append(faces)
        if len(faces) < len(points):
            outcomes.add("dropped")
        elif len(faces):
            same = np.abs(faces.five_points - points).max() < 1
            outcomes.add("kept" if same else "placed anew")
    assert outcomes == {"dropped", "kept", "placed anew"}
    printed = run(
        node,
        "--input-type=module",
        "-",
        *(str(built), detector.model.name, json.dumps(files)),
        given=DETECT,
    )
    for line, faces in zip(printed.splitlines(), expected, strict=True):
        found = json.loads(line)
        assert len(found) == len(faces)
        for one, face in zip(found, faces, strict=True):
            unit = np.ptp(face.five_points, axis=0).max() * 3 / 80
            off = np.linalg.norm(np.array(one["landmarks"]) - face.landmarks, axis=1)
            assert off.mean() < unit
            np.testing.assert_allclose(one["box"], face.box, atol=2 * unit)
            assert one["confidence"] == pytest.approx(face.confidence, abs=0.1)


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
    printed = run(node, "example.mjs", folder=folder)
    assert re.fullmatch(r"\[ 22\d\.\d+, 12\d\.\d+ \] \d\.\d+ [01]\.\d+\s*", printed), printed
