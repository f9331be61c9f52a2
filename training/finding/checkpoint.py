"""The weights of a run of `training.detector`."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from safetensors.torch import save
from torch import Tensor

from lapland.base.files import write_whole

FORMAT = "lapland one-stage detector 1"


def save_weights(path: Path, weights: Mapping[str, Tensor], facts: Mapping[str, Any]) -> None:
    """Writes weights with facts of the run."""
    metadata = {"format": FORMAT, "facts": json.dumps(dict(facts))}
    kept = {name: tensor.contiguous() for name, tensor in weights.items()}
    write_whole(path, save(kept, metadata=metadata))
