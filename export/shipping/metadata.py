"""The metadata of a landmark model."""

import json
from typing import Any

from torch import nn

from export.cards.data_terms import data_of
from export.shipping.naming import name_of
from lapland.networks.info import SCHEMA
from lapland.schemes.definition import scheme_to_json
from lapland.schemes.registry import SCHEMES, is_shipped
from lapland.uncertainty.calibration import Calibration
from training.network.rcn import SIZE
from training.recipes.recipe import Recipe


def metadata_of(
    net: nn.Module,
    recipe: Recipe,
    facts: dict[str, Any],
    nmse: dict[str, float],
    calibration: Calibration | None = None,
    *,
    name: str | None = None,
    licence: str | None = None,
    unsure: float | None = None,
) -> dict[str, str]:
    """The metadata of the file: see `docs/model-format.md`."""
    optional = {} if calibration is None else {"lapland.calibration": calibration.to_json()}
    scheme = SCHEMES[recipe.scheme]
    if not is_shipped(scheme):
        optional["lapland.scheme_definition"] = scheme_to_json(scheme)
    if unsure is not None:
        optional["lapland.unsure"] = f"{unsure:.3f}"
    return optional | {
        "lapland.schema": SCHEMA,
        "lapland.name": name or name_of(recipe, data_of(facts).weights),
        "lapland.width": recipe.label,
        "lapland.precision": recipe.precision,
        "lapland.parameters": str(sum(p.numel() for p in net.parameters())),
        "lapland.scheme": recipe.scheme,
        "lapland.size": str(SIZE),
        "lapland.crop_factor": repr(recipe.crop.factor),
        "lapland.crop_upright": json.dumps(recipe.crop.upright),
        "lapland.nmse": json.dumps(nmse),
        "lapland.licence": licence or data_of(facts).licence,
        "lapland.training": json.dumps({"recipe": json.loads(recipe.to_json()), **facts}),
    }
