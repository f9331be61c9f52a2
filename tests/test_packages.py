"""The two packages: models, licences, manifests, attributions and the data sheet fit together."""

import hashlib
import json
import re
import zipfile
from email.parser import Parser

import pytest

import lapland
from export.shipping.manifest import PACKAGES, RESEARCH, manifest, path_of
from lapland.networks import index
from training.common.paths import REPOSITORY

FOLDERS = {"lapland": REPOSITORY, "lapland-300w": REPOSITORY / "300w"}
SHEET = (REPOSITORY / "docs" / "open-weights.md").read_text("utf-8")
NOTICE = (REPOSITORY / "NOTICE").read_text("utf-8")


@pytest.fixture(scope="module", params=PACKAGES)
def wheel(request, tmp_path_factory):
    """The name of a package, and its wheel."""
    reason = "builds the wheels: pip install -e '.[dev]'"
    hatchling = pytest.importorskip("hatchling.builders.wheel", reason=reason)
    builder = hatchling.WheelBuilder(str(FOLDERS[request.param]))
    built = next(builder.build(directory=str(tmp_path_factory.mktemp("dist"))))
    with zipfile.ZipFile(built) as file:
        yield request.param, file


def read(file, end):
    (name,) = (name for name in file.namelist() if name.endswith(end))
    return file.read(name)


def components(package):
    bill = json.loads(path_of(package).read_text("utf-8"))
    return {component["name"]: component for component in bill["components"]}


def licence_of(component):
    (licence,) = component["licenses"]
    return licence.get("expression") or next(iter(licence["license"].values()))


def test_the_manifests_are_of_the_files_that_are_there(wheel):
    package, file = wheel
    again = "run python -m export.hashes"
    assert path_of(package).read_text("utf-8") == manifest(package), again
    assert read(file, f".dist-info/sboms/{package}.cdx.json") == path_of(package).read_bytes()


def test_every_model_of_a_wheel_is_in_its_manifest_with_its_hash(wheel):
    package, file = wheel
    found = {
        re.sub(r"^\w+/(models/)?", "", name): hashlib.sha256(file.read(name)).hexdigest()
        for name in file.namelist()
        if name.endswith((".onnx", ".npz"))
    }
    assert {
        name: component["hashes"][0]["content"] for name, component in components(package).items()
    } == found


def test_a_wheel_that_holds_weights_for_research_says_so(wheel):
    package, file = wheel
    metadata = Parser().parsestr(read(file, ".dist-info/METADATA").decode())
    assert metadata["Version"] == lapland.__version__
    assert metadata["License-Expression"] == PACKAGES[package][0]
    licences = {licence_of(component) for component in components(package).values()}
    assert (RESEARCH in licences) == (RESEARCH in metadata["License-Expression"])
    named = set(re.findall(r"[\w.-]+", metadata["License-Expression"])) - {"AND"}
    assert licences | {"MIT"} == named | {"MIT"}
    texts = b"".join(file.read(n) for n in file.namelist() if "/licenses/" in n).decode()
    for licence, words in {
        "MIT": "Permission is hereby granted",
        "Apache-2.0": "TERMS AND CONDITIONS FOR USE",
        RESEARCH: "exclude commercial use",
    }.items():
        assert (licence not in named) or words in texts


def test_the_other_package_holds_models_alone_and_asks_for_the_same_version(wheel):
    package, file = wheel
    if package == "lapland":
        assert NOTICE.encode() == read(file, "/licenses/NOTICE")
        return
    metadata = Parser().parsestr(read(file, ".dist-info/METADATA").decode())
    assert metadata.get_all("Requires-Dist") == [f"lapland=={lapland.__version__}"]
    (module,) = (name for name in file.namelist() if name.endswith(".py"))
    assert module == "lapland_300w/__init__.py"
    every = {entry.name for entry in index.listed() if entry.weights == "300w"}
    assert {name.split("/")[2] for name in file.namelist() if "/models/" in name} == every


def test_cards_and_manifest_state_one_licence():
    for entry in index.listed():
        package = "lapland" if entry.weights == "open" else "lapland-300w"
        component = components(package)[entry.file]
        card = entry.path.with_name("README.md").read_text("utf-8")
        assert component["hashes"][0]["content"] in card
        if entry.weights == "open":
            assert licence_of(component) == "Apache-2.0"
            for named in ("docs/open-weights.md", "NOTICE", "LICENSE-open-weights"):
                assert f"(../../{named})" in card
        else:
            assert licence_of(component) == RESEARCH


def dois(text):
    return set(re.findall(r"10\.6084/m9\.figshare\.\d+\.v\d", text))


def test_the_notice_has_the_attributions_of_the_data_sheet():
    assert len(dois(SHEET)) == 2
    assert dois(NOTICE) == dois(SHEET)
    words = " ".join(NOTICE.split())
    part = " ".join(SHEET.split("### Attribution")[1].split("\n## ")[0].split())
    for named in ("London Set", "Young Adult White Faces", "SFHQ-T2I", "OpenPeople", "ICT-FaceKit"):
        assert named in part
        assert named in words
    assert "creativecommons.org/licenses/by/4.0" in words
    assert "creativecommons.org/licenses/by/4.0" in part
    assert "Apache License, version 2.0" in words


def test_every_folder_of_the_lists_is_in_the_data_sheet():
    table = SHEET.split("## Sources")[1].split("\n###")[0]
    counts = {}
    for row in re.findall(r"^\| (`.*?) \| (.*?) \| (\d+) \|", table, re.MULTILINE):
        for name in re.findall(r"`([\w/]+)`", row[0]):
            counts[name.split("/")[0]] = int(row[2])
    lines = (REPOSITORY / "training/lists/open-train.txt").read_text("utf-8").split()
    found = {}
    for line in lines:
        folder = line.split("/")[0]
        found[folder] = found.get(folder, 0) + 1
    found.pop("turned", None)  # copies of the others
    assert found == counts
