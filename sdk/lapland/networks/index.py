"""Names and files of the shipped models. Nothing else reads the folder of models."""

import hashlib
import json
import sys
from dataclasses import dataclass
from pathlib import Path

from ..base.errors import ModelError, ModelNotFoundError, OptionError, shown
from ..base.files import read_file
from .onnx_file import MAX_BYTES

PRECISIONS = ("float32", "int8")
DEFAULT_WIDTH, DEFAULT_PRECISION = "1/2-lite", "int8"
# The tracker's default: every frame is another chance, smoothing takes away the noise that a
# smaller network adds, and half the time of a frame is half the battery.
VIDEO_WIDTH = "1/4-lite"
PACKAGE = Path(__file__).resolve().parents[1]
_REINSTALL = (
    "give PyInstaller --collect-data lapland, or other tools the package's folder `models`"
    if getattr(sys, "frozen", False)
    else "pip install --force-reinstall, with the wheel or folder that it came from"
)


@dataclass(frozen=True)
class Entry:
    """A row of `index.json`, which `export.hashes` writes.

    Attributes:
        name: name of the model, and of its folder.
        family: the kind of network.
        width: the name by which users choose it.
        precision: `float32` or `int8`.
        scheme: name of the annotation scheme.
        file: path of the ONNX file below the folder of models.
        default: `photo` for `Detector`'s default, `video` for `Tracker`'s, else None.
    """

    name: str
    family: str
    width: str
    precision: str
    scheme: str
    file: str
    default: str | None


def folder() -> Path:
    """The folder of the models: inside the installed package, or in the repository beside it.

    Raises:
        ModelNotFoundError: in neither.
    """
    # An editable install leaves the models in the repository.
    for candidate in (PACKAGE / "models", PACKAGE.parents[1] / "models"):
        if (candidate / "mtcnn").is_dir():
            return candidate
    raise ModelNotFoundError(
        f"no models beside {PACKAGE}; the installation is incomplete: {_REINSTALL}"
    )


def entries() -> list[Entry]:
    """The shipped landmark models whose files are there, in the order of `index.json`.

    Raises:
        ModelNotFoundError: there is no index.
        ModelError: the index is damaged.
    """
    path = folder() / "index.json"
    try:
        rows = [Entry(**row) for row in json.loads(read_model(path))]
    except (ValueError, TypeError) as error:
        raise ModelError(f"{path}: is damaged ({error}); {_REINSTALL}") from error
    return [row for row in rows if (folder() / row.file).is_file()]


def shipped() -> list[str]:
    """Names of the shipped landmark models, narrowest first."""
    return [entry.name for entry in entries()]


def widths(precision: str) -> list[str]:
    """Widths that are shipped in a precision, narrowest first, the lite ones last."""
    return [entry.width for entry in entries() if entry.precision == precision]


def path_of(width: str, precision: str) -> Path:
    """The file of the model of one width and precision.

    Raises:
        OptionError: there is none of that width and precision.
    """
    known = {(entry.width, entry.precision): entry.file for entry in entries()}
    widths = list(dict.fromkeys(w for w, _ in known))
    if not isinstance(width, str) or width not in widths:
        raise OptionError(
            f"width must be one of {', '.join(repr(w) for w in widths)}, not {shown(width)}"
        )
    precisions = [p for w, p in known if w == width]
    if not isinstance(precision, str) or precision not in precisions:
        raise OptionError(
            f"precision must be one of {', '.join(map(repr, precisions))} at width {width!r}, "
            f"not {shown(precision)}"
        )
    return folder() / known[width, precision]


def read_shipped(path: Path) -> bytes:
    """Reads a file below `folder()` and checks it against the SHA-256 recorded there."""
    data = read_model(path)
    name = path.relative_to(folder()).as_posix()
    lines = read_model(folder() / "SHA256SUMS").decode().splitlines()
    recorded = {line[66:]: line[:64] for line in lines}
    if hashlib.sha256(data).hexdigest() != recorded.get(name):
        raise ModelError(
            f"{path}: is not the file that was shipped, its SHA-256 differs from the one in "
            f"SHA256SUMS; {_REINSTALL}"
        )
    return data


def read_model(path: Path) -> bytes:
    """Reads a file of a model.

    Raises:
        ModelNotFoundError: there is no such file.
        ModelError: it cannot be read, or is too large.
    """
    try:
        return read_file(path, MAX_BYTES)
    except (FileNotFoundError, IsADirectoryError):
        raise ModelNotFoundError(f"{path}: there is no such model file") from None
    except (OSError, ValueError) as error:  # ValueError: a null character in the path
        reason = getattr(error, "strerror", None) or error
        raise ModelError(f"{path}: cannot be read ({reason})") from error
