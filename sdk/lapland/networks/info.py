"""The metadata of a landmark model. `docs/model-format.md` describes every key."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..base.errors import ModelError, clipped, shown
from ..schemes.definition import scheme_from_json
from ..schemes.registry import SCHEMES
from ..schemes.scheme import Scheme
from ..uncertainty.calibration import Calibration

SCHEMA = "1"
# `ModelInfo.unsure` of files that name none. Chosen by `python -m training.certainty`, whose
# results training/README.md holds.
UNSURE = 1.4


@dataclass(frozen=True)
class ModelInfo:
    """The description of a landmark model, read from the metadata of its file.

    Attributes:
        name: `rcn-1-8`.
        width: `1/8`, of the Recombinator Network, `1/8-lite` with maps of half the resolution; or a
            size of another network, as `mobile`.
        precision: `float32` or `int8`, of its arithmetic.
        path: the file.
        bytes: its size.
        parameters: how many numbers were trained.
        scheme: the annotation scheme of its landmarks.
        size: side of the crops it takes, pixels.
        crop_factor: side of the square crop, in longer sides of the rectangle of the five points.
        crop_upright: whether the crop turns with the face.
        nmse: {data set: NMSE in percent}, as measured: relative to the inter-ocular distance,
            or, if the scheme has no `eye_corners`, to the square root of the area of the box.
        licence: terms of the weights.
        training: recipe, data and commit.
        calibration: the meaning of its scales in pixels; None if it was exported without data.
        unsure: mean scale above which landmarks are not trusted, pixels of a crop of 80 x 80.
    """

    name: str
    width: str
    precision: str
    path: Path
    bytes: int
    parameters: int
    scheme: Scheme = field(repr=False)
    size: int
    crop_factor: float
    crop_upright: bool
    nmse: dict[str, float]
    licence: str
    training: dict[str, object] = field(repr=False)
    calibration: Calibration | None = field(default=None, repr=False, compare=False)
    unsure: float = UNSURE


def info_of(metadata: dict[str, str], path: Path, size: int) -> ModelInfo:
    """Reads the metadata of a landmark model.

    Args:
        metadata: the properties of the ONNX file.
        path: the file, for messages.
        size: bytes of the file.

    Raises:
        ModelError: a key is missing, malformed or out of range.
    """
    schema = metadata.get("lapland.schema")
    if schema != SCHEMA:
        found = "none" if schema is None else shown(schema)
        raise ModelError(
            f"{path}: expected metadata of schema '{SCHEMA}', found {found}; export the network "
            "with `python -m export.rcn`"
        )
    try:
        scheme = _scheme(metadata)
        info = ModelInfo(
            name=metadata["lapland.name"],
            width=metadata["lapland.width"],
            precision=metadata.get("lapland.precision", "float32"),
            path=path,
            bytes=size,
            parameters=int(metadata["lapland.parameters"]),
            scheme=scheme,
            size=int(metadata["lapland.size"]),
            crop_factor=float(metadata["lapland.crop_factor"]),
            crop_upright={"true": True, "false": False}[metadata["lapland.crop_upright"]],
            nmse={key: float(value) for key, value in _table(metadata, "lapland.nmse").items()},
            licence=metadata["lapland.licence"],
            training=_table(metadata, "lapland.training"),
            calibration=_calibration(metadata, scheme),
            unsure=_unsure(metadata),
        )
    except (KeyError, ValueError, TypeError) as error:
        raise ModelError(
            f"{path}: metadata that is missing or malformed ({clipped(error)}); export the network "
            "with `python -m export.rcn`"
        ) from error
    if not 0.5 <= info.crop_factor <= 20 or not 8 <= info.size <= 1024:
        raise ModelError(
            f"{path}: crop factor {info.crop_factor} or input size {info.size} is out of range"
        )
    return info


def _table(metadata: dict[str, str], key: str) -> dict[str, Any]:
    value = json.loads(metadata[key])
    if not isinstance(value, dict):
        raise ValueError(f"{key}: expected a JSON object, not {metadata[key]}")
    return value


def _scheme(metadata: dict[str, str]) -> Scheme:
    """The scheme that the file defines, or else the shipped one of its name."""
    text = metadata.get("lapland.scheme_definition")
    if text is None:
        return SCHEMES[metadata["lapland.scheme"]]
    scheme = scheme_from_json(text)
    if scheme.name != metadata["lapland.scheme"]:
        raise ValueError(f"lapland.scheme_definition: expected {metadata['lapland.scheme']!r}")
    return scheme


def _unsure(metadata: dict[str, str]) -> float:
    value = float(metadata.get("lapland.unsure", UNSURE))
    if not 0 < value < 1000:
        raise ValueError(f"lapland.unsure: expected pixels above 0, not {value:g}")
    return value


def _calibration(metadata: dict[str, str], scheme: Scheme) -> Calibration | None:
    text = metadata.get("lapland.calibration")
    labels = _table(metadata, "lapland.training").get("data", "300w")  # all that the first had
    return None if text is None else Calibration.from_json(text, scheme, str(labels))
