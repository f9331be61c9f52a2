"""Files of a training run: weights as safetensors, and the state to resume from."""

import io
import json
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open
from safetensors.torch import save
from torch import Tensor, nn

from lapland.base.files import write_whole
from lapland.schemes.definition import scheme_from_json, scheme_to_json
from lapland.schemes.registry import SCHEMES, is_shipped, register
from training.recipes.families import FAMILIES
from training.recipes.recipe import Recipe


def save_weights(
    path: Path, weights: dict[str, Tensor], recipe: Recipe, facts: dict[str, Any]
) -> None:
    """Writes weights with their recipe and facts of the run."""
    written = FAMILIES[recipe.family].checkpoint
    metadata = {"format": written, "recipe": recipe.to_json(), "facts": json.dumps(facts)}
    scheme = SCHEMES[recipe.scheme]
    if not is_shipped(scheme):
        metadata["scheme"] = scheme_to_json(scheme)  # other machines do not know it
    kept = {name: tensor.detach().float().contiguous() for name, tensor in weights.items()}
    write_whole(path, save(kept, metadata=metadata))


def load_weights(path: Path) -> tuple[nn.Module, Recipe, dict[str, Any]]:
    """Reads a file of `save_weights`: the network in evaluation mode, its recipe, the facts.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: the file is no checkpoint of this project.
    """
    if not path.is_file():
        raise FileNotFoundError(f"{path}: there is no such checkpoint")
    try:
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
            weights = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except Exception as error:  # safetensors raises its own class, derived from Exception
        raise ValueError(f"{path}: not a safetensors file ({error})") from error
    formats = {family.checkpoint for family in FAMILIES.values()}
    if metadata.get("format") not in formats:
        raise ValueError(
            f"{path}: not a checkpoint of training.train (no format {', '.join(sorted(formats))})"
        )
    try:
        if "scheme" in metadata:
            # First: a recipe refuses a scheme that it does not know.
            register(scheme_from_json(metadata["scheme"]))
        recipe = Recipe.from_json(metadata["recipe"])
        facts: dict[str, Any] = json.loads(metadata["facts"])
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"{path}: its recipe cannot be read ({error})") from error
    net, scheme, last = recipe.network(), SCHEMES[recipe.scheme], FAMILIES[recipe.family].last
    # In entries of the last bias: a head that shuffles has four for each landmark.
    found, expected = len(weights.get(last, ())), len(net.state_dict()[last])
    if found != expected:
        raise ValueError(
            f"{path}: has {found * scheme.size // expected} landmarks, but its recipe is for "
            f"{scheme.name}, which has {scheme.size}"
        )
    weights.pop("largest.heatmaps", None)  # written when the maps of int8 were rounded, too
    try:
        net.load_state_dict(weights)
    except RuntimeError as error:
        raise ValueError(f"{path}: its weights do not fit its recipe ({error})") from error
    return net.eval(), recipe, facts


def start_from(net: nn.Module, path: Path) -> None:
    """Copies the weights of a checkpoint into a network, where name and shape agree.

    So a net of one form can begin with the weights of another, and a wide one with those of a
    narrow one (`training.network.starting`); the rest keeps its own start.

    Raises:
        ValueError: nothing fits: the checkpoint is of another family, or wider.
    """
    trained, recipe, _ = load_weights(path)
    try:
        weights, own = FAMILIES[recipe.family].start(net, trained), net.state_dict()
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None
    fit = {name: w for name, w in weights.items() if name in own and own[name].shape == w.shape}
    # Kernels, since biases of equal length fit those of any network.
    if not any(w.ndim > 1 for w in fit.values()):
        raise ValueError(f"{path}: none of its weights fit the network; is it of another family?")
    net.load_state_dict(fit, strict=False)


def save_state(path: Path, state: dict[str, Any]) -> None:
    """Writes the state that a run resumes from.

    Raises:
        OSError: it cannot be written, for example on a full disk.
    """
    whole = io.BytesIO()  # to a file that cannot take it, torch says something of a position
    torch.save(state, whole)
    write_whole(path, whole.getvalue())


def load_state(path: Path) -> dict[str, Any]:
    """Reads a file of `save_state`; tensors and plain values only, nothing is executed."""
    state: dict[str, Any] = torch.load(path, weights_only=True, map_location="cpu")
    return state
