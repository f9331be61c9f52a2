"""Hashes, index and manifests of the models: `SHA256SUMS`, `index.json`, `*.cdx.json`."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import onnx

from export.cards.data_terms import data_of
from export.shipping.manifest import write_manifests
from lapland.base.files import write_text, write_whole
from training.common.paths import REPOSITORY

MODELS = REPOSITORY / "models"
FAMILIES = ("open", "300w")
"""Families of weights, in the order of `lapland models`."""


def write(out: Path, graphs: Mapping[str, bytes]) -> None:
    """Writes the graphs of a face detector and prints their SHA-256; records them if shipped.

    Args:
        out: folder of the files, made if it is not there.
        graphs: name of a file without its suffix -> content.
    """
    out.mkdir(parents=True, exist_ok=True)
    for name, content in graphs.items():
        file = out / f"{name}.onnx"
        write_whole(file, content)
        print(f"{hashlib.sha256(content).hexdigest()}  {file}")
    if out.resolve().parent == MODELS:
        record()


def record(models: Path = MODELS, defaults: Mapping[str, str] | None = None) -> None:
    """Writes hashes of all ONNX files below a folder, index and manifests of its landmark models.

    Models of custom data are no part of a package, and have no row in the index.

    Args:
        models: the folder.
        defaults: role -> name of a model: `photo` for the default of `Detector` in its family,
            `video` for that of `Tracker`, which takes the former if there is none. All other
            defaults stay those of the present index.

    Raises:
        ValueError: there is no model of a name in `defaults`.
    """
    files = sorted(models.rglob("*.onnx"))
    rows = [
        f"{hashlib.sha256(file.read_bytes()).hexdigest()}  {file.relative_to(models).as_posix()}\n"
        for file in files
    ]
    roles = _present(models)
    entries = [e for file in files if (e := _entry(file, models, roles))]
    for role, name in (defaults or {}).items():
        _mark([entry for _, entry in entries], role, name)
    write_text(models / "SHA256SUMS", "".join(rows))
    lines = ",\n ".join(json.dumps(entry) for _, entry in sorted(entries, key=_narrowest_first))
    write_text(models / "index.json", f"[{lines}]\n")
    write_manifests(models)


def _present(models: Path) -> dict[str, str | None]:
    """Name of a model -> its role, from the index that is there."""
    path = models / "index.json"
    rows = json.loads(path.read_text("utf-8")) if path.exists() else []
    return {row["name"]: row["default"] for row in rows}


def _mark(entries: list[dict[str, Any]], role: str, name: str) -> None:
    """Gives a role to a model, and takes it from the others of its family."""
    chosen = next((entry for entry in entries if entry["name"] == name), None)
    if chosen is None:
        raise ValueError(f"expected one of the models in the index, not {name}")
    for entry in entries:
        if entry["weights"] == chosen["weights"] and entry["default"] == role:
            entry["default"] = None
    if role != "video" or chosen["default"] != "photo":  # that for photos serves videos, too
        chosen["default"] = role


def _entry(
    file: Path, models: Path, roles: Mapping[str, str | None]
) -> tuple[int, dict[str, Any]] | None:
    """Parameters and row of a landmark model; None for other networks and custom data."""
    metadata = {p.key: p.value for p in onnx.load(file, load_external_data=False).metadata_props}
    if "lapland.width" not in metadata:
        return None
    run = json.loads(metadata["lapland.training"])
    weights = data_of(run).weights
    if weights is None:
        return None
    return int(metadata["lapland.parameters"]), {
        "name": metadata["lapland.name"],
        "weights": weights,
        "network": run.get("recipe", {}).get("family", "rcn"),
        "width": metadata["lapland.width"],
        "precision": metadata.get("lapland.precision", "float32"),
        "scheme": metadata["lapland.scheme"],
        "file": file.relative_to(models).as_posix(),
        "default": roles.get(metadata["lapland.name"]),
    }


def _narrowest_first(row: tuple[int, dict[str, Any]]) -> tuple[Any, ...]:
    """Order of `lapland models`: by families, the lite forms last, float32 before int8."""
    parameters, entry = row
    lite = entry["width"].endswith("-lite")
    kind = entry["network"] != "rcn", entry["network"]
    return FAMILIES.index(entry["weights"]), kind, lite, parameters, entry["precision"]
