"""The manifest of each package: every model file in it with SHA-256 and licence, as CycloneDX."""

import hashlib
import json
import uuid
from pathlib import Path

from cyclonedx.contrib.license.factories import LicenseFactory
from cyclonedx.model import HashAlgorithm, HashType, Property
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output.json import JsonV1Dot6

import lapland
from lapland.base.files import write_text
from training.common.paths import REPOSITORY

MODELS = REPOSITORY / "models"
RESEARCH = "LicenseRef-300W-research-only"
# Package -> its licence expression, and the families of weights that its wheel holds.
PACKAGES = {
    "lapland": ("MIT AND Apache-2.0", ("open",)),
    "lapland-300w": (RESEARCH, ("300w",)),
}
_MTCNN = ("MIT", "PyPI package mtcnn 1.0.0")
# Other files with weights or numbers, all in lapland: file below the repository -> licence, origin.
_OTHERS = {
    "models/mtcnn/onet.onnx": _MTCNN,
    "models/mtcnn/pnet.onnx": _MTCNN,
    "models/mtcnn/rnet.onnx": _MTCNN,
    "models/blazeface/blazeface.onnx": ("Apache-2.0", "PyPI package mediapipe 0.10.21"),
    "models/onestage/onestage.onnx": ("Apache-2.0", "lapland, training.detector"),
    "models/onestage/turned.onnx": ("Apache-2.0", "lapland, training.detector"),
    "sdk/lapland/answers/head.npz": ("MIT", "ICT-FaceKit"),
}
_LICENCES = {"open": "Apache-2.0", "300w": RESEARCH}


def path_of(package: str, models: Path = MODELS) -> Path:
    """The manifest's file, which goes into the wheel's `.dist-info/sboms`."""
    return models / f"{package}.cdx.json"


def write_manifests(models: Path = MODELS) -> None:
    """Writes the manifest of each package beside the index, which lists the models."""
    for package in PACKAGES:
        write_text(path_of(package, models), manifest(package, models))


def manifest(package: str, models: Path = MODELS) -> str:
    """The manifest as JSON; the same files give the same text."""
    licence, families = PACKAGES[package]
    factory = LicenseFactory()
    main = Component(
        name=package,
        version=lapland.__version__,
        type=ComponentType.LIBRARY,
        bom_ref=package,
        licenses=[factory.make_from_string(licence)],
    )
    bom = Bom()
    bom.metadata.component = main
    rows = json.loads((models / "index.json").read_text("utf-8"))
    found = [
        _component(
            models / row["file"],
            row["file"],
            _LICENCES[row["weights"]],
            f"lapland, weights {row['weights']}",
        )
        for row in rows
        if row["weights"] in families
    ]
    if package == "lapland":
        found += [
            _component(REPOSITORY / file, _place(file), licence, origin)
            for file, (licence, origin) in _OTHERS.items()
        ]
    for component in found:
        bom.components.add(component)
    bom.register_dependency(main, found)
    text = json.loads(JsonV1Dot6(bom).output_as_string())
    # A manifest of the same files is the same at any time.
    del text["metadata"]["timestamp"]
    del text["serialNumber"]
    content = json.dumps(text, sort_keys=True)
    text["serialNumber"] = uuid.uuid5(uuid.NAMESPACE_OID, content).urn
    return json.dumps(text, indent=1, sort_keys=True) + "\n"


def _place(file: str) -> str:
    """The name of a file in the manifest: below the folder of models, or below the package."""
    return file.removeprefix("models/").removeprefix("sdk/lapland/")


def _component(file: Path, name: str, licence: str, origin: str) -> Component:
    """A file with its hash, licence and origin."""
    return Component(
        name=name,
        type=ComponentType.MACHINE_LEARNING_MODEL,
        bom_ref=name,
        hashes=[HashType(alg=HashAlgorithm.SHA_256, content=_digest(file))],
        licenses=[LicenseFactory().make_from_string(licence)],
        properties=[Property(name="lapland:origin", value=origin)],
    )


def _digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()
