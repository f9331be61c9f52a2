"""Names of the shipped models, and the choice among them by family, width and precision."""

import json
from dataclasses import dataclass
from pathlib import Path

from ..base.errors import ModelError, ModelNotFoundError, OptionError, shown
from . import folders

PRECISIONS = ("float32", "int8")
PREFERRED_PRECISION = "int8"
# Family of weights -> its terms, and the package to install for it. The first family with a
# default model is the default.
FAMILIES = {"open": ("Apache-2.0", "lapland"), "300w": ("research use only", "lapland-300w")}


@dataclass(frozen=True)
class Entry:
    """A row of `index.json`, which `export.hashes` writes.

    Attributes:
        name: name of the model, and of its folder.
        weights: the family of its weights: `open`, or `300w` for those that have seen 300-W.
        network: the kind of network.
        width: the name that users choose.
        precision: `float32` or `int8`.
        scheme: name of the annotation scheme.
        file: path of the ONNX file below a folder of models.
        default: `photo` for the default of `Detector` in this family, `video` for that of
            `Tracker`, else None.
    """

    name: str
    weights: str
    network: str
    width: str
    precision: str
    scheme: str
    file: str
    default: str | None

    @property
    def path(self) -> Path | None:
        """The file; None if the package that has it is not installed."""
        return folders.find(self.file)


def listed() -> list[Entry]:
    """The models of both packages, installed or not, in the order of `index.json`.

    Raises:
        ModelNotFoundError: there is no index.
        ModelError: the index is damaged.
    """
    path = folders.folder() / "index.json"
    try:
        return [Entry(**row) for row in json.loads(folders.read_model(path))]
    except (ValueError, TypeError) as error:
        raise ModelError(f"{path}: is damaged ({error}); {folders.REINSTALL}") from error


def entries() -> list[Entry]:
    """The models whose files are there."""
    return list(_found())


def _found() -> dict[Entry, Path]:
    """The models whose files are there, and these files."""
    rows = listed()
    places = folders.find_all(entry.file for entry in rows)
    return {entry: place for entry, place in zip(rows, places, strict=True) if place is not None}


def shipped() -> list[str]:
    """Names of the models whose files are there."""
    return [entry.name for entry in entries()]


def path(name: str) -> Path:
    """The file of a model by its name.

    Raises:
        ModelNotFoundError: there is none of that name, or its package is not installed.
    """
    for entry in listed():
        if entry.name == name and (found := entry.path) is not None:
            return found
    raise ModelNotFoundError(
        f"{name}: expected one of the models that are there, {', '.join(shipped())}"
    )


def default_family() -> str:
    """The family of weights by default."""
    ready = {entry.weights for entry in listed() if entry.default == "photo"}
    return next((family for family in FAMILIES if family in ready), "300w")


def default(role: str, weights: str | None = None) -> Entry:
    """The model that a family has for photos or for videos.

    Args:
        role: `photo` or `video`; a family without a model for videos takes that for photos.
        weights: the family; None for the default one.

    Raises:
        OptionError: there is no such family.
        ModelNotFoundError: none of its models is there.
    """
    family = _checked_family(weights)
    own = [entry for entry in listed() if entry.weights == family]
    roles = {entry.default: entry for entry in own}
    found = roles.get(role) or roles.get("photo") or next(iter(own), None)
    if found is None:
        raise _missing(family)
    return found


def form_of(
    role: str, width: str | None, precision: str | None, weights: str | None
) -> tuple[str, str | None]:
    """Width and precision; those of the default model for a role if no width is given."""
    if width is not None:
        return width, precision
    entry = default(role, weights)
    return entry.width, entry.precision if precision is None else precision


def widths(precision: str | None = None, weights: str | None = None) -> list[str]:
    """Widths of a family whose files are there, narrowest first, the lite ones last.

    Args:
        precision: one that they have; None for either.
        weights: the family; None for the default one.
    """
    family = weights or default_family()
    rows = (e for e in entries() if e.weights == family and precision in (None, e.precision))
    return list(dict.fromkeys(entry.width for entry in rows))


def path_of(width: str, precision: str | None = None, weights: str | None = None) -> Path:
    """The file of the model of a width.

    Args:
        width: the width.
        precision: "int8" or "float32"; None for int8 if the width has it, else float32.
        weights: the family; None for the default one.

    Raises:
        OptionError: the family has none of that width and precision.
        ModelNotFoundError: none of the family's models is there.
    """
    family = _checked_family(weights)
    known = {(e.width, e.precision): p for e, p in _found().items() if e.weights == family}
    if not known:
        raise _missing(family)
    names = list(dict.fromkeys(w for w, _ in known))
    if not isinstance(width, str) or width not in names:
        raise OptionError(
            f"width must be one of {', '.join(map(repr, names))}{_of(family)}, not {shown(width)}"
            f"{_elsewhere(width, family) if isinstance(width, str) else ''}"
        )
    precisions = [p for w, p in known if w == width]
    if precision is None:
        precision = PREFERRED_PRECISION if PREFERRED_PRECISION in precisions else precisions[0]
    if not isinstance(precision, str) or precision not in precisions:
        raise OptionError(
            f"precision must be one of {', '.join(map(repr, precisions))} at width {width!r}, "
            f"not {shown(precision)}"
        )
    return known[width, precision]


def how_to_get(family: str) -> str:
    """The command that brings the models of a family."""
    package = FAMILIES[family][1]
    clone = ", or pip install ./300w in a clone of the repository" if family == "300w" else ""
    return f"pip install {package}{clone}"


def _checked_family(weights: str | None) -> str:
    if weights is None:
        return default_family()
    if not isinstance(weights, str) or weights not in FAMILIES:
        raise OptionError(
            f"weights must be one of {', '.join(map(repr, FAMILIES))}, not {shown(weights)}"
        )
    return weights


def _missing(family: str) -> ModelNotFoundError:
    if not any(entry.weights == family for entry in listed()):
        return ModelNotFoundError(f"weights={family!r}: this version has no models of that family")
    return ModelNotFoundError(
        f"weights={family!r}: expected the models of this family ({FAMILIES[family][0]}), which "
        f"are in a package that is not installed: {how_to_get(family)}"
    )


def _of(family: str) -> str:
    """Names the family if there is another one."""
    several = len({entry.weights for entry in listed()}) > 1
    return f" of the weights {family!r}" if several else ""


def _elsewhere(width: object, family: str) -> str:
    """The other family, if it has the width."""
    for entry in listed():
        if entry.width == width and entry.weights != family:
            installed = "" if entry.path else f", after {how_to_get(entry.weights)}"
            terms = FAMILIES[entry.weights][0]
            return f"; weights={entry.weights!r} ({terms}) has it{installed}"
    return ""
