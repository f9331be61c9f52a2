"""Brings models, manifest and version of the repository into the package.

In the repository they lie one folder up, where lapland has them too. The source distribution holds
copies, and its wheel is built from these.
"""

import json
import re
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface
from hatchling.metadata.plugin.interface import MetadataHookInterface

HERE = Path(__file__).resolve().parent
MODELS = next(folder for folder in (HERE / "models", HERE.parent / "models") if folder.is_dir())
MANIFEST = "lapland-300w.cdx.json"
FILES = ("model.onnx", "README.md")


def version() -> str:
    """The version of lapland, which is that of this package. Only in the repository."""
    text = (HERE.parent / "sdk/lapland/__init__.py").read_text("utf-8")
    return re.search(r'^__version__ = "(.*)"$', text, re.MULTILINE)[1]


class SameVersion(MetadataHookInterface):
    """Asks for lapland of the same version, whose index has the hashes of these models."""

    def update(self, metadata: dict[str, Any]) -> None:
        """Called by hatchling."""
        metadata["dependencies"] = [f"lapland=={metadata.get('version') or version()}"]


class Models(BuildHookInterface):
    """Includes the models of the family `300w`."""

    def initialize(self, _: str, build_data: dict[str, Any]) -> None:
        """Called by hatchling for the wheel and the source distribution."""
        inside = "models" if self.target_name == "sdist" else "lapland_300w/models"
        rows = json.loads((MODELS / "index.json").read_text("utf-8"))
        names = [row["name"] for row in rows if row["weights"] == "300w"]
        included = {MODELS / n / file: f"{inside}/{n}/{file}" for n in names for file in FILES}
        if self.target_name == "sdist":
            included |= {MODELS / file: f"models/{file}" for file in ("index.json", MANIFEST)}
        else:
            build_data["sbom_files"].append(str(MODELS / MANIFEST))
        build_data["force_include"] |= {str(file): place for file, place in included.items()}
