"""Names of models."""

from lapland.schemes.ibug68 import IBUG68
from training.recipes.families import FAMILIES
from training.recipes.recipe import Recipe


def name_of(recipe: Recipe, weights: str | None = None) -> str:
    """`rcn-1-8`, `rcn-1-8-lite`, `rcn-1-8-aflw19` of another scheme, `mobile-int8` in int8.

    Args:
        recipe: recipe of the model.
        weights: family of its weights; the names of the family `open` begin with it, for every
            kind of network: `open-1-2-lite`, `open-mobile-int8`.
    """
    prefix = "open-" if weights == "open" else FAMILIES[recipe.family].prefix
    parts = [prefix + recipe.label.replace("/", "-")]
    if recipe.scheme != IBUG68.name:
        parts.append(recipe.scheme)
    if recipe.precision != "float32":
        parts.append(recipe.precision)
    return "-".join(parts)
