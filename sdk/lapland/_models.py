"""Names -> model files, checked before they run. Nothing else reads `models/`."""

import hashlib
import json
import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from . import _onnx_file as onnx_file
from ._biases import check_biases
from ._calibration import Calibration
from ._errors import ModelError, ModelNotFoundError, OptionError
from ._files import read_file
from ._scheme import SCHEMES, Scheme
from ._session import Session
from ._wire_format import OnnxError

SCHEMA = "1"
_PLAIN = ("1/16", "1/8", "1/4", "1/2", "1")
WIDTHS = tuple(width + form for form in ("", "-lite") for width in _PLAIN)
PRECISIONS = ("float32", "int8")
DEFAULT_WIDTH, DEFAULT_PRECISION = "1/2-lite", "int8"
# Of a tracker: every frame is another chance, smoothing takes away what a smaller network adds in
# noise, and half the time of a frame is half the battery.
VIDEO_WIDTH = "1/4-lite"
# Of numbers that a graph may compute for one face, all its values together; the widest has 48
# million. A graph that doubles what it has needs few nodes to fill any memory.
MAX_NUMBERS = 1 << 27
_CASCADE = ("pnet", "rnet", "onet")


@dataclass(frozen=True)
class ModelInfo:
    """What a landmark model says of itself, read from the metadata of its file.

    Attributes:
        name: `rcn-1-8`.
        width: `1/8`, of the Recombinator Network; `1/8-lite` with maps of half the resolution.
        precision: `float32` or `int8`, of its arithmetic.
        path: where the file lies.
        bytes: its size.
        parameters: how many numbers were trained.
        scheme: the annotation scheme of its landmarks.
        size: side of the crops it takes, pixels.
        crop_factor: side of the square crop, in longer sides of the rectangle of the five points.
        crop_upright: whether the crop turns with the face.
        nmse: {data set: NMSE in percent}, as measured: of the inter-ocular distance, or, where the
            scheme has no `eye_corners`, of the square root of the area of the face's box.
        licence: of the weights.
        training: recipe, data and commit.
        calibration: what its scales mean in pixels; None where it was exported without data.
    """

    name: str
    width: str
    precision: str
    path: Path
    bytes: int
    parameters: int
    scheme: Scheme
    size: int
    crop_factor: float
    crop_upright: bool
    nmse: dict[str, float]
    licence: str
    training: dict[str, object]
    calibration: Calibration | None = field(default=None, repr=False, compare=False)


def folder() -> Path:
    """Where the models lie: inside the installed package, or in the repository beside it.

    Raises:
        ModelNotFoundError: in neither.
    """
    here = Path(__file__).resolve().parent
    # An editable install leaves the models in the repository.
    for candidate in (here / "models", here.parents[1] / "models"):
        if (candidate / "mtcnn").is_dir():
            return candidate
    raise ModelNotFoundError(
        f"no models beside {here}; the installation is incomplete: pip install --force-reinstall "
        "lapland"
    )


def shipped() -> list[str]:
    """Names of the landmark models that are shipped, narrowest first."""
    return [name for _, _, name in _shipped()]


def widths(precision: str) -> list[str]:
    """Widths that are shipped in a precision, narrowest first, the lite ones last."""
    return [w for w, p, _ in _shipped() if p == precision]


def path_of(width: str, precision: str) -> Path:
    """The file of the model of one width and precision.

    Raises:
        OptionError: there is none of that width and precision.
    """
    known = {(w, p): name for w, p, name in _shipped()}
    widths = list(dict.fromkeys(w for w, _ in known))
    if width not in widths:
        raise OptionError(
            f"width must be one of {', '.join(repr(w) for w in widths)}, not {width!r}"
        )
    precisions = [p for w, p in known if w == width]
    if precision not in precisions:
        raise OptionError(
            f"precision must be one of {', '.join(map(repr, precisions))} at width {width!r}, "
            f"not {precision!r}"
        )
    return folder() / known[width, precision] / "model.onnx"


def _shipped() -> list[tuple[str, str, str]]:
    """(width, precision, name) of each."""
    all_names = [(w, p, _name(w, p)) for w in WIDTHS for p in PRECISIONS]
    return [row for row in all_names if (folder() / row[2] / "model.onnx").is_file()]


def load_mtcnn() -> tuple[bytes, bytes, bytes]:
    """The bytes of the three networks of MTCNN."""
    pnet, rnet, onet = (_read_shipped(folder() / "mtcnn" / f"{n}.onnx") for n in _CASCADE)
    return pnet, rnet, onet


def load(path: Path, threads: int | None = None) -> tuple[Session, ModelInfo]:
    """Loads a landmark model by the graph contract.

    Args:
        path: an ONNX file as `export.rcn` writes it.
        threads: threads for one run; None takes one for each core.

    Raises:
        ModelNotFoundError: there is no such file.
        ModelError: the file is damaged, or does not follow the contract; the message says where.
    """
    if path.resolve().is_relative_to(folder().resolve()):
        data = _read_shipped(path.resolve())
        session = Session(data, name=str(path), threads=threads)
        info = _describe(session.metadata, path, len(data))
        _check_contract(session, info)
        return session, info
    return _open(_read(path), path, threads)


def _open(data: bytes, path: Path, threads: int | None) -> tuple[Session, ModelInfo]:
    """A foreign file: nothing of it is computed before all is known to be what is expected."""
    model = _checked(data, path)
    info = _describe(model.metadata, path, len(data))
    every = onnx_file.with_all_outputs(data, model)
    shapes = _known_shapes(Session(every, name=str(path), threads=1, optimise=False), path)
    with _refusals(path):
        check_biases(model, shapes)
    session = Session(data, name=str(path), threads=threads)
    _check_contract(session, info)
    return session, info


def describe(path: Path) -> ModelInfo:
    """What the model at a path says of itself."""
    return load(path, threads=1)[1]


def _name(width: str, precision: str) -> str:
    return f"rcn-{width.replace('/', '-')}" + ("" if precision == "float32" else f"-{precision}")


def _read_shipped(path: Path) -> bytes:
    """Reads a file below `folder()` and checks it against the SHA-256 recorded there."""
    data = _read(path)
    name = path.relative_to(folder()).as_posix()
    lines = _read(folder() / "SHA256SUMS").decode().splitlines()
    recorded = {line[66:]: line[:64] for line in lines}
    if hashlib.sha256(data).hexdigest() != recorded.get(name):
        raise ModelError(
            f"{path}: is not the file that was shipped, its SHA-256 differs from the one in "
            "SHA256SUMS; pip install --force-reinstall lapland"
        )
    return data


def _read(path: Path) -> bytes:
    try:
        return read_file(path, onnx_file.MAX_BYTES)
    except (FileNotFoundError, IsADirectoryError):
        raise ModelNotFoundError(f"{path}: there is no such model file") from None
    except (OSError, ValueError) as error:  # ValueError: a null character in the path
        reason = getattr(error, "strerror", None) or error
        raise ModelError(f"{path}: cannot be read ({reason})") from error


def _checked(data: bytes, path: Path) -> onnx_file.OnnxFile:
    with _refusals(path):
        return onnx_file.check(data)


@contextmanager
def _refusals(path: Path) -> Iterator[None]:
    """Names the file in what is raised about it."""
    try:
        yield
    except OnnxError as error:
        raise ModelError(f"{path}: is damaged or not an ONNX graph ({error})") from error
    except onnx_file.RefusedError as error:
        raise ModelError(
            f"{path}: {error}; export the network with `python -m export.rcn`"
        ) from error


def _known_shapes(session: Session, path: Path) -> dict[str, list[int]]:
    """The shape of each value; refuses a graph whose values are too large, or of unknown sizes."""
    total = 0
    shapes: dict[str, list[int]] = {}
    for name, (_, shape) in session.outputs.items():
        sides = [side for side in shape if isinstance(side, int) and side >= 0]
        if len(sides) != len(shape):
            raise ModelError(
                f"{path}: the shape of {name!r} is {shape}; expected sizes that are known when "
                f"the first one of 'crops', {onnx_file.FREE!r}, is"
            )
        total += math.prod(sides)
        shapes[name] = sides
    if total > MAX_NUMBERS:
        raise ModelError(
            f"{path}: would compute {total} numbers for each face, and {MAX_NUMBERS} is the limit"
        )
    return shapes


def _describe(metadata: dict[str, str], path: Path, size: int) -> ModelInfo:
    schema = metadata.get("lapland.schema")
    if schema != SCHEMA:
        found = "none" if schema is None else repr(schema)
        raise ModelError(
            f"{path}: expected metadata of schema '{SCHEMA}', found {found}; export the network "
            "with `python -m export.rcn`"
        )
    try:
        scheme = SCHEMES[metadata["lapland.scheme"]]
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
        )
    except (KeyError, ValueError, TypeError) as error:
        raise ModelError(
            f"{path}: metadata that is missing or malformed ({error}); export the network with "
            "`python -m export.rcn`"
        ) from error
    if not 0.5 <= info.crop_factor <= 20 or not 8 <= info.size <= 1024:
        raise ModelError(
            f"{path}: crop factor {info.crop_factor} or input size {info.size} is out of range"
        )
    return info


def _check_contract(session: Session, info: ModelInfo) -> None:
    """Refuses a graph that takes or gives something else than its metadata say."""
    path = info.path
    if set(session.inputs) != {"crops"}:
        raise ModelError(f"{path}: expected one input, 'crops', found {sorted(session.inputs)}")
    side, points = info.size, info.scheme.size
    _expect(path, session.inputs, "crops", "tensor(uint8)", [side, side, 3])
    _expect(path, session.outputs, "landmarks", "tensor(float)", [points, 2])
    _expect(path, session.outputs, "scales", "tensor(float)", [points])
    if "heatmaps" in session.outputs:
        maps_axis(session, info)


def maps_axis(session: Session, info: ModelInfo) -> int:
    """Which axis of `heatmaps` counts the landmarks: 1 of (N, K, S, S), 3 of (N, S, S, K).

    Raises:
        ModelError: there is no such output, or it has another shape.
    """
    points = info.scheme.size
    kind, shape = session.outputs.get("heatmaps", ("", []))
    if kind == "tensor(float)" and len(shape) == 4:
        for axis, (height, width) in ((1, (2, 3)), (3, (1, 2))):
            side = shape[height]
            if shape[axis] == points and side == shape[width] and isinstance(side, int):
                return axis
    found = (kind, shape) if kind else sorted(session.outputs)
    raise ModelError(
        f"{info.path}: expected 'heatmaps' as tensor(float) of shape (N, {points}, S, S) or "
        f"(N, S, S, {points}), found {found}"
    )


def _table(metadata: dict[str, str], key: str) -> dict[str, Any]:
    value = json.loads(metadata[key])
    if not isinstance(value, dict):
        raise ValueError(f"{key}: expected a JSON object, not {metadata[key]}")
    return value


def _calibration(metadata: dict[str, str], scheme: Scheme) -> Calibration | None:
    told = metadata.get("lapland.calibration")
    return None if told is None else Calibration.from_json(told, scheme)


def _expect(
    path: Path,
    values: dict[str, tuple[str, list[int | str | None]]],
    name: str,
    kind: str,
    shape: list[int],
) -> None:
    found = values.get(name)
    free = found is not None and bool(found[1]) and not isinstance(found[1][0], int)
    if found is None or not free or found[0] != kind or list(found[1][1:]) != shape:
        raise ModelError(
            f"{path}: expected {name!r} as {kind} of shape (N, {', '.join(map(str, shape))}), "
            f"found {found if found is not None else sorted(values)}"
        )
