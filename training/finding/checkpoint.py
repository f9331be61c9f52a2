"""The weights of a run of `training.detector`."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from safetensors import safe_open
from safetensors.torch import save
from torch import Tensor

from lapland.base.files import write_whole

FORMAT = "lapland one-stage detector 1"


def save_weights(path: Path, weights: Mapping[str, Tensor], facts: Mapping[str, Any]) -> None:
    """Writes weights with facts of the run."""
    metadata = {"format": FORMAT, "facts": json.dumps(dict(facts))}
    kept = {name: tensor.contiguous() for name, tensor in weights.items()}
    write_whole(path, save(kept, metadata=metadata))


def load_weights(path: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """The inverse of `save_weights`: weights and facts.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it is not of `training.detector`.
    """
    if not path.is_file():
        raise FileNotFoundError(f"{path}: there is no such checkpoint")
    with safe_open(path, framework="pt") as file:
        metadata = file.metadata() or {}
        weights = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    if metadata.get("format") != FORMAT:
        raise ValueError(f"{path}: expected a checkpoint of training.detector ({FORMAT})")
    return weights, json.loads(metadata["facts"])
