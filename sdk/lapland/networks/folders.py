"""The folders of the shipped models, and their files, checked by SHA-256."""

import hashlib
import sys
from collections.abc import Iterable
from pathlib import Path

from ..base.errors import ModelError, ModelNotFoundError, clipped
from ..base.files import read_file
from .onnx_rules import MAX_BYTES

PACKAGE = Path(__file__).resolve().parents[1]
RESEARCH_PACKAGE = "lapland_300w"
"""Package of the weights that were trained on 300-W; `pip install lapland-300w` brings it."""
REINSTALL = (
    "give PyInstaller --collect-data lapland, or other tools the package's folder `models`"
    if getattr(sys, "frozen", False)
    else "pip install --force-reinstall, with the wheel or folder that it came from"
)


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
        f"no models beside {PACKAGE}; the installation is incomplete: {REINSTALL}"
    )


def folders() -> list[Path]:
    """All folders of models: that of lapland, and that of lapland-300w if it is installed."""
    found = [folder()]
    import importlib.util

    spec = importlib.util.find_spec(RESEARCH_PACKAGE)  # looks the package up without importing it
    if spec is not None:
        found += [Path(place) / "models" for place in spec.submodule_search_locations or ()]
    return found


def find(file: str) -> Path | None:
    """The path of a file by its name in `SHA256SUMS`; None if no installed package has it."""
    return find_all([file])[0]


def find_all(files: Iterable[str]) -> list[Path | None]:
    """The paths of several files, which takes less than to find one after another."""
    places = folders()
    return [next((p / file for p in places if (p / file).is_file()), None) for file in files]


def is_shipped(path: Path) -> bool:
    """Whether a path lies in a folder of models."""
    return any(path.resolve().is_relative_to(place.resolve()) for place in folders())


def read_shipped(path: Path) -> bytes:
    """Reads a file in a folder of models, and checks it against the SHA-256 recorded there.

    The hashes of both packages stand in lapland's own folder.

    Raises:
        ModelNotFoundError: there is no such file.
        ModelError: it cannot be read, or is not the file that was shipped.
    """
    data = read_model(path)
    here = path.resolve()
    places = [place.resolve() for place in folders()]
    root = next(place for place in places if here.is_relative_to(place))
    lines = read_model(places[0] / "SHA256SUMS").decode().splitlines()
    recorded = {line[66:]: line[:64] for line in lines}
    if hashlib.sha256(data).hexdigest() != recorded.get(here.relative_to(root).as_posix()):
        mend = REINSTALL
        if root != places[0]:
            mend = "install lapland and lapland-300w anew, both of one version"
        raise ModelError(
            f"{clipped(path)}: is not the file that was shipped, its SHA-256 differs from the one "
            f"in SHA256SUMS; {mend}"
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
        raise ModelNotFoundError(
            f"{clipped(path)}: there is no such model file; shipped models go by width, not by "
            "file: `lapland models` lists them"
        ) from None
    except (OSError, ValueError) as error:  # ValueError: a null character in the path
        reason = getattr(error, "strerror", None) or error
        raise ModelError(f"{clipped(path)}: cannot be read ({reason})") from error
