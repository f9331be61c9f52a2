"""Builds the page and the JavaScript module into a folder that any server shows.

    npm ci --prefix web
    python -m web.build [--models NAME_OR_FILE ...] [--out dist/web]

The folder holds the page, the module in `lapland/` with its types, onnxruntime in `runtime/`, and
in `models/` the face detector, the landmark models, and `index.json`: the constants that the files
carry as metadata, which onnxruntime does not read in browsers. `docs/browser.md` describes it.
"""

import argparse
import hashlib
import json
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import onnx
import onnxruntime
from onnx import helper

from export.graph.builder import IR, OPSET
from export.pipeline import NETS
from export.stages.agreement import look
from export.stages.cascade import detect
from export.stages.photo import Photo
from export.stages.picture import picture
from export.stages.values import Graph, Value, onnx_type
from lapland import Detector
from lapland.base.errors import LaplandError
from lapland.detection.portrait import SIDE
from lapland.image.loading import Image
from lapland.networks import index
from lapland.networks.info import ModelInfo
from lapland.networks.loading import load_mtcnn
from lapland.schemes.scheme import Scheme
from training.common.paths import REPOSITORY

WEB = Path(__file__).resolve().parent
PACKAGES = WEB / "node_modules"
OUT = REPOSITORY / "dist" / "web"
PAGE = ("index.html", "style.css", "page.js", "sw.js", "icon.svg")
RUNTIME = ("ort.wasm.min.mjs", "ort-wasm-simd-threaded.mjs", "ort-wasm-simd-threaded.wasm")
LICENCES = ("LICENSE", "LICENSE-mtcnn")
# Family of weights -> the file of its terms.
TERMS = {"open": "LICENSE-open-weights", "300w": "300w/LICENSE"}
UNSURE = 1.4  # as the tracker's, for models that state none
ROLES = ("photo", "video")
Shape = list[str | int]
DETECTION = ("boxes", "scores", "five_points", "count")


def main(arguments: Sequence[str] | None = None) -> None:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="python -m web.build", description="The page and the JavaScript module"
    )
    parser.add_argument(
        "--models",
        nargs="+",
        default=chosen(),
        metavar="NAME_OR_FILE",
        help="shipped landmark models, or ONNX files; default: all of the default family",
    )
    parser.add_argument(
        "--out", type=Path, default=OUT, help="folder; an earlier build there is replaced"
    )
    options = parser.parse_args(arguments)
    try:
        size = build(options.models, options.out)
    except (LaplandError, OSError, ValueError, subprocess.CalledProcessError) as error:
        raise SystemExit(f"web.build: {error}") from None
    print(f"{options.out}: {size / 1e6:.1f} MB")


def chosen() -> list[str]:
    """The models of the default family, the smallest first."""
    family = index.default("photo").weights
    return [entry.name for entry in index.entries() if entry.weights == family]


def roles_of(names: Sequence[str]) -> dict[str, str]:
    """Role, `photo` or `video` -> the best of some models for it.

    Default models of any family are; else the default one, if it is among them.
    """
    entries = [entry for name in names for entry in index.entries() if entry.name == name]
    found = {}
    for role in ROLES:
        own = [entry.name for entry in entries if entry.default == role]
        best = own[0] if own else index.default(role).name
        if best in names:
            found[role] = best
    return found


def build(models: Sequence[str], out: Path) -> int:
    """Fills the folder, and returns its size in bytes.

    Raises:
        ValueError: a model is not known or not calibrated, npm's packages are not there, or the
            folder holds something else.
    """
    if not (PACKAGES / "onnxruntime-web").is_dir():
        raise ValueError(f"{PACKAGES}: expected npm's packages; run `npm ci --prefix web` first")
    if out.exists() and any(out.iterdir()) and not (out / "files.js").is_file():
        raise ValueError(f"{out}: expected an empty folder or an earlier build; choose another")
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out.parent) as temporary:
        part = Path(temporary) / "part"
        _fill(part, models)
        shutil.rmtree(out, ignore_errors=True)
        part.replace(out)
    return sum(file.stat().st_size for file in out.rglob("*") if file.is_file())


def _fill(out: Path, models: Sequence[str]) -> None:
    shutil.copytree(WEB / "lapland", out / "lapland")
    for name in PAGE:
        shutil.copyfile(WEB / name, out / name)
    compiler = PACKAGES / "typescript" / "bin" / "tsc"
    types = ("--allowJs", "--declaration", "--emitDeclarationOnly", "--target", "es2022")
    resolved = ("--moduleResolution", "bundler", "--module", "esnext", "--outDir", out / "lapland")
    command = ("node", compiler, WEB / "lapland" / "index.js", *types, *resolved)
    subprocess.run([str(word) for word in command], check=True)
    _copy(out / "runtime", *(PACKAGES / "onnxruntime-web" / "dist" / name for name in RUNTIME))
    _copy(out / "licences", *(REPOSITORY / name for name in LICENCES))
    shutil.copyfile(
        Path(onnxruntime.__file__).with_name("LICENSE"), out / "licences" / "LICENSE-onnxruntime"
    )
    cv2.imwrite(str(out / "example.jpg"), example(), [cv2.IMWRITE_JPEG_QUALITY, 92])
    _write_models(models, out / "models")
    _list_files(out)


def example() -> Image:
    """The astronaut's head and shoulders, as large as a picture of a camera."""
    photo = cv2.imread(str(REPOSITORY / "examples" / "astronaut.png"))
    return cv2.resize(photo[:300, 20:420], (640, 480), interpolation=cv2.INTER_CUBIC)


def _copy(folder: Path, *files: Path) -> None:
    folder.mkdir()
    for file in files:
        shutil.copyfile(file, folder / file.name)


def _write_models(names: Sequence[str], folder: Path) -> None:
    """The ONNX files, and `index.json`."""
    folder.mkdir()
    best = roles_of(names)
    families = {entry.name: entry.weights for entry in index.entries()}
    rows = []
    for name in names:
        path = index.path(name) if name in index.shipped() else Path(name)
        roles = [role for role, model in best.items() if model == name]
        row = _model(Detector(model=path).model, roles)
        if (family := families.get(name)) in TERMS:
            row["terms"] = f"licences/LICENSE-{family}"
            shutil.copyfile(REPOSITORY / TERMS[family], folder.parent / row["terms"])
        shutil.copyfile(path, folder / row["file"])
        rows.append(row)
    photo = Photo(rgb=True)
    models = map(onnx.load_model_from_string, load_mtcnn())
    nets = dict(zip(NETS, models, strict=True))
    _write_detection(folder / "detection.onnx", photo, nets)
    _write_look(folder / "look.onnx", nets["onet"])
    detection = {
        "file": "detection.onnx",
        "look": "look.onnx",
        "width": photo.width,
        "height": photo.height,
        "licence": "MIT (MTCNN, from the PyPI package mtcnn)",
    }
    content = {"detection": detection, "models": rows}
    (folder / "index.json").write_text(json.dumps(content, separators=(",", ":")), "utf-8")


def _model(info: ModelInfo, roles: list[str]) -> dict[str, Any]:
    """The entry of a landmark model in `index.json`."""
    if info.calibration is None:
        raise ValueError(
            f"{info.name}: expected a calibrated model, for radii; `python -m export.rcn` makes one"
        )
    hidden = info.calibration.hidden
    return {
        "name": info.name,
        "file": f"{info.name}.onnx",
        "bytes": info.bytes,
        "width": info.width,
        "precision": info.precision,
        "best": roles,
        "licence": info.licence,
        "terms": None,
        "size": info.size,
        "cropFactor": info.crop_factor,
        "cropUpright": info.crop_upright,
        # Pixels of its own crops; the threshold is one of crops of 80 pixels and factor 3.
        "unsure": (info.unsure or UNSURE) * info.size / 80 * 3 / info.crop_factor,
        "scheme": _scheme(info.scheme),
        "calibration": json.loads(info.calibration.to_json())
        | {
            "hidden": {
                "scale": hidden.scale,
                "inverseShape": hidden.inverse_shape,
                "mean": hidden.mean,
            }
        },
    }


def _scheme(scheme: Scheme) -> dict[str, Any]:
    return {
        "five": scheme.five,
        "groups": dict(scheme.groups),
        "contours": [{"indices": indices, "closed": closed} for indices, closed in scheme.contours],
        "eyeCorners": scheme.eye_corners,
    }


def _write_detection(file: Path, photo: Photo, nets: Mapping[str, onnx.ModelProto]) -> None:
    """The stages of a pipeline that find faces: all landmark networks share them."""
    g = Graph()
    image = Value(g, "image", np.uint8)
    shown = picture(image, photo.height, photo.width, rgb=photo.rgb)
    found = detect(g, nets, shown, photo.min_face, photo.faces)
    values = (*found, found.boxes.count().cast(np.int32).reshape())
    shapes: tuple[Shape, ...] = (["N", 4], ["N"], ["N", 5, 2], [])
    outputs = zip(DETECTION, values, shapes, strict=True)
    _write_graph(file, g, (image, [photo.height, photo.width, 3]), outputs)


def _write_look(file: Path, onet: onnx.ModelProto) -> None:
    """The detector's last network, for faces that may have been found the wrong way up."""
    g = Graph()
    portraits = Value(g, "portraits", np.uint8)
    scores, points = look(g, onet, portraits.transpose(0, 3, 1, 2).cast(np.float32))
    outputs = (("scores", scores, ["N"]), ("points", points.cast(np.float32), ["N", 5, 2]))
    _write_graph(file, g, (portraits, ["N", SIDE, SIDE, 3]), outputs)


def _write_graph(
    file: Path,
    g: Graph,
    given: tuple[Value, Shape],
    outputs: Iterable[tuple[str, Value, Shape]],
) -> None:
    """A graph with one input as a file, checked."""
    infos = []
    for name, value, shape in outputs:
        g.rename(value, name)
        infos.append(helper.make_tensor_value_info(name, onnx_type(value.dtype), shape))
    source = helper.make_tensor_value_info(given[0].name, onnx_type(given[0].dtype), given[1])
    body = helper.make_graph(g.nodes, file.stem, [source], infos, g.constants)
    opsets = [helper.make_opsetid("", OPSET)]
    whole = helper.make_model(body, opset_imports=opsets, ir_version=IR, producer_name="lapland")
    onnx.checker.check_model(whole, full_check=True)
    file.write_bytes(whole.SerializeToString(deterministic=True))


def _list_files(out: Path) -> None:
    """`files.js`: the files that the page keeps for use without a network, and their version."""
    files = sorted(file for file in out.rglob("*") if file.is_file())
    files = [file for file in files if file.name != "sw.js" and file.suffix != ".ts"]
    digest = hashlib.sha256()
    for file in files:
        digest.update(file.read_bytes())
    names = ["./", *(file.relative_to(out).as_posix() for file in files)]
    lines = {"VERSION": digest.hexdigest()[:16], "FILES": names}
    text = "".join(f"const {name} = {json.dumps(value)};\n" for name, value in lines.items())
    (out / "files.js").write_text(text, "utf-8")


if __name__ == "__main__":
    main()
