"""Lines of JSON -> the arrays of `Faces`."""

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..base.errors import GeometryError, ImageError, OptionError, clipped, shown
from ..schemes.registry import SCHEMES
from ..schemes.scheme import Scheme
from ..uncertainty.recorded import RECORDED, Recorded
from .face import radius_key

_ARRAYS = {"box": "boxes", "score": "scores"} | {
    name: name for name in ("five_points", "landmarks", "scales")
}


def parsed_line(line: str | bytes) -> Mapping[str, Any]:
    """The content of one line of JSON.

    Raises:
        GeometryError: it is no JSON, or several lines.
    """
    if not isinstance(line, (str, bytes)):
        raise GeometryError(f"expected a line of JSON, not {shown(line)}")
    try:
        data: Mapping[str, Any] = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise GeometryError(
            f"expected one line of JSON, as `to_json` writes it ({error}); for a file: "
            "[Faces.from_json(line) for line in open(path)]"
        ) from error
    return data


def read_faces(data: Mapping[str, Any], scheme: Scheme | None) -> dict[str, Any]:
    """The arguments of `Faces` for the content of a line: see `Faces.from_dict`."""
    if not isinstance(data, Mapping) or not ("error" in data or "faces" in data):
        raise GeometryError(
            f'expected what `to_dict` gives, {{"scheme": ..., "faces": [...]}}, not {shown(data)}'
        )
    if "error" in data:
        raise ImageError(f"{data.get('photo', 'photo')}: {data['error']}")
    scheme = _scheme(data.get("scheme"), scheme)
    faces, k = data["faces"], scheme.size
    if not isinstance(faces, list) or not all(isinstance(face, Mapping) for face in faces):
        raise GeometryError(f"faces: expected a list of faces, not {shown(faces)}")
    shapes = {"box": (4,), "score": (), "five_points": (5, 2), "landmarks": (k, 2), "scales": (k,)}
    arrays: dict[str, Any] = {
        name: _array(faces, key, shapes[key]) for key, name in _ARRAYS.items()
    }
    ids = _in_all(faces, "id")
    return {
        **arrays,
        "scheme": scheme,
        "ids": [face["id"] for face in faces] if ids else None,
        "image_size": data.get("image_size"),
        **_certainty(faces, scheme, _labels(data)),
    }


def _scheme(name: object, given: Scheme | None) -> Scheme:
    if given is not None:
        if not isinstance(given, Scheme) or given.name != name:
            raise OptionError(f"scheme: expected that of the line, {shown(name)}, not {given}")
        return given
    if not isinstance(name, str) or name not in SCHEMES:
        raise OptionError(
            f"scheme: expected one of {', '.join(SCHEMES)}, not {shown(name)}; for points of your "
            "own give scheme=read_scheme('FILE.json')"
        )
    return SCHEMES[name]


def _labels(data: Mapping[str, Any]) -> str:
    """The training data, which decides how the network drew lids and lips."""
    labels = data.get("labels", Recorded.labels)
    if not isinstance(labels, str):
        raise GeometryError(f"labels: expected the name of training data, not {shown(labels)}")
    return labels


def _certainty(faces: list[Mapping[str, Any]], scheme: Scheme, labels: str) -> dict[str, Any]:
    """Confidence and radii, if the faces have them; a line without faces lacks neither."""
    first, last = (radius_key(p) for p in RECORDED)
    found = [_in_all(faces, key) for key in ("confidence", first, last)]
    if faces and not found[0]:
        return {}
    recorded = Recorded(scheme, not faces or all(found), labels)
    rows = [_array(faces, "confidence", ())[:, None]]
    if recorded.has_radii:
        rows += [_array(faces, key, (scheme.size,)) for key in (first, last)]
    sure, *radii = rows
    if not ((sure >= 0) & (sure <= 1)).all():
        raise GeometryError("confidence: expected numbers within 0..1")
    if radii and not ((radii[0] >= 0) & (radii[1] >= radii[0])).all():
        raise GeometryError(f"{last}: expected radii of at least those of {first}, and no negative")
    return {"textures": np.concatenate(rows, axis=1), "calibration": recorded}


def _in_all(faces: list[Mapping[str, Any]], key: str) -> bool:
    """Whether the faces have a key; of no faces, whether there is any."""
    having = sum(key in face for face in faces)
    if having not in (0, len(faces)):
        raise GeometryError(f"{key}: expected it in all faces or in none, not in {having}")
    return having > 0


def _array(faces: list[Mapping[str, Any]], key: str, shape: tuple[int, ...]) -> NDArray[np.float64]:
    """(N, *shape) array of the values that faces have under a key."""
    rows = np.zeros((len(faces), *shape))
    for number, face in enumerate(faces):
        try:
            row = np.array(face[key], np.float64)
        except KeyError:
            raise GeometryError(f"faces[{number}]: expected {key!r}, which is missing") from None
        except (TypeError, ValueError, OverflowError) as error:
            raise GeometryError(
                f"faces[{number}]: {key}: expected numbers ({clipped(error)})"
            ) from error
        if row.shape != shape:
            raise GeometryError(f"faces[{number}]: {key}: expected shape {shape}, not {row.shape}")
        rows[number] = row
    return rows
