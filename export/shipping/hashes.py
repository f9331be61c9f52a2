"""Hashes and index of the models, `SHA256SUMS` and `index.json`: `python -m export.hashes`.

The run time refuses a shipped file that differs from its hash; `sha256sum -c SHA256SUMS` checks
them by hand. The index names the landmark models: the run time finds them by it alone.
"""

import hashlib
import json
from pathlib import Path
from typing import Any

import onnx

from lapland.base.files import write_text
from training.common.paths import REPOSITORY

MODELS = REPOSITORY / "models"
DEFAULTS = {"rcn-1-2-lite-int8": "photo", "rcn-1-4-lite-int8": "video"}
"""Name of a model -> `photo` or `video`: the default of `Detector` or of `Tracker`."""


def record(models: Path = MODELS) -> None:
    """Writes the hashes of all ONNX files below a folder, and the index of its landmark models."""
    files = sorted(models.rglob("*.onnx"))
    rows = [
        f"{hashlib.sha256(file.read_bytes()).hexdigest()}  {file.relative_to(models).as_posix()}\n"
        for file in files
    ]
    write_text(models / "SHA256SUMS", "".join(rows))
    entries = sorted((e for file in files if (e := _entry(file, models))), key=_narrowest_first)
    lines = ",\n ".join(json.dumps(entry) for _, entry in entries)
    write_text(models / "index.json", f"[{lines}]\n")


def _entry(file: Path, models: Path) -> tuple[int, dict[str, Any]] | None:
    """Parameters and row of a landmark model; None for other networks."""
    metadata = {p.key: p.value for p in onnx.load(file, load_external_data=False).metadata_props}
    if "lapland.width" not in metadata:
        return None
    return int(metadata["lapland.parameters"]), {
        "name": metadata["lapland.name"],
        "family": metadata["lapland.name"].partition("-")[0],
        "width": metadata["lapland.width"],
        "precision": metadata.get("lapland.precision", "float32"),
        "scheme": metadata["lapland.scheme"],
        "file": file.relative_to(models).as_posix(),
        "default": DEFAULTS.get(metadata["lapland.name"]),
    }


def _narrowest_first(row: tuple[int, dict[str, Any]]) -> tuple[Any, ...]:
    """Order of `lapland models`: by family, the lite forms last, float32 before int8."""
    parameters, entry = row
    lite = entry["width"].endswith("-lite")
    return entry["family"] != "rcn", entry["family"], lite, parameters, entry["precision"]
