"""A model file -> a checked network that runs."""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..base.errors import ModelError
from . import folders, onnx_file, onnx_rules
from .biases import check_biases
from .info import ModelInfo, info_of
from .onnx_file import FREE, OnnxFile
from .session import Session
from .wire_format import OnnxError

# Most numbers that a graph may compute for one face, all its values together; the widest has 48
# million. A graph that doubles its values needs few nodes to fill any memory.
MAX_NUMBERS = 1 << 27
_CASCADE = ("pnet", "rnet", "onet")


def load_blazeface() -> bytes:
    """The bytes of BlazeFace."""
    return folders.read_shipped(folders.folder() / "blazeface" / "blazeface.onnx")


def load_onestage(*, turned: bool = False) -> bytes:
    """The bytes of the network that finds small faces, upright ones or turned by any angle."""
    name = "turned.onnx" if turned else "onestage.onnx"
    return folders.read_shipped(folders.folder() / "onestage" / name)


def load_onet() -> bytes:
    """The bytes of the last network of MTCNN, which places five points in a box."""
    return folders.read_shipped(folders.folder() / "mtcnn" / "onet.onnx")


def load_mtcnn() -> tuple[bytes, bytes, bytes]:
    """The bytes of the three networks of MTCNN."""
    pnet, rnet, onet = (
        folders.read_shipped(folders.folder() / "mtcnn" / f"{n}.onnx") for n in _CASCADE
    )
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
    if folders.is_shipped(path):
        data = folders.read_shipped(path.resolve())
        session = Session(data, name=str(path), threads=threads)
        info = info_of(session.metadata, path, len(data))
        _check_contract(session, info)
        return session, info
    return open_custom(folders.read_model(path), path, threads)


def open_custom(
    data: bytes, path: Path, threads: int | None, *, optimise: bool = True
) -> tuple[Session, ModelInfo]:
    """Loads a custom file. Nothing of it runs before all of it has been checked.

    Without `optimise` it is loaded faster, to be looked at and not run.
    """
    model = _checked(data, path)
    info = info_of(model.metadata, path, len(data))
    every = onnx_rules.with_all_outputs(data, model)
    shapes = _known_shapes(Session(every, name=str(path), threads=1, optimise=False), path)
    with _refusals(path):
        check_biases(model, shapes)
    session = Session(data, name=str(path), threads=threads, optimise=optimise)
    _check_contract(session, info)
    return session, info


def describe(path: Path) -> ModelInfo:
    """The metadata of the model at a path; a custom file is checked as one that is to be run."""
    if folders.is_shipped(path):
        data = folders.read_shipped(path.resolve())
        return info_of(onnx_file.read(data).metadata, path, len(data))
    return open_custom(folders.read_model(path), path, threads=1, optimise=False)[1]


def _checked(data: bytes, path: Path) -> OnnxFile:
    with _refusals(path):
        return onnx_rules.check(data)


@contextmanager
def _refusals(path: Path) -> Iterator[None]:
    """Names the file in errors raised about it."""
    try:
        yield
    except OnnxError as error:
        raise ModelError(f"{path}: is damaged or not an ONNX graph ({error})") from error
    except onnx_rules.RefusedError as error:
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
                f"the first one of 'crops', {FREE!r}, is"
            )
        total += math.prod(sides)
        shapes[name] = sides
    if total > MAX_NUMBERS:
        raise ModelError(
            f"{path}: would compute {total} numbers for each face, and {MAX_NUMBERS} is the limit"
        )
    return shapes


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
