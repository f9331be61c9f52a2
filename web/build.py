"""Builds the page and the JavaScript module into a folder that any server shows.

    npm ci --prefix web
    python -m web.build [--models NAME_OR_FILE ...] [--out dist/web]

The folder holds the page, the module in `lapland/` with its types, onnxruntime in `runtime/`, and
in `models/` the networks of the face detector, the landmark models, and `index.json`: the constants
of the detector, and those that the landmark models carry as metadata, which onnxruntime does not
read in browsers. `docs/browser.md` describes it.
"""

import argparse
import hashlib
import json
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import onnxruntime

from lapland import Detector
from lapland.base.errors import LaplandError
from lapland.detection import blazeface, merging, onestage, orientation, paired, portrait
from lapland.detection.onet import Onet
from lapland.image.loading import Image
from lapland.landmarks import agreement
from lapland.networks import index
from lapland.networks.info import ModelInfo
from lapland.networks.loading import load_blazeface, load_onestage, load_onet
from lapland.options import DetectorOptions
from lapland.schemes.scheme import Scheme
from training.common.paths import REPOSITORY

WEB = Path(__file__).resolve().parent
PACKAGES = WEB / "node_modules"
OUT = REPOSITORY / "dist" / "web"
PAGE = ("index.html", "style.css", "page.js", "sw.js", "icon.svg")
RUNTIME = ("ort.wasm.min.mjs", "ort-wasm-simd-threaded.mjs", "ort-wasm-simd-threaded.wasm")
LICENCES = ("LICENSE", "LICENSE-blazeface", "LICENSE-mtcnn", "NOTICE")
# Family of weights -> the file of its terms.
TERMS = {"open": "LICENSE-open-weights", "300w": "300w/LICENSE"}
LARGEST = 1_800_000  # bytes of a model, of which the folder of the page has room for a dozen
ROLES = ("photo", "video")


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
        help="shipped models, or ONNX files; default: those of the default family up to 1.8 MB",
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
    """The models of the default family, the smallest first, but those too large for a page."""
    family = index.default("photo").weights
    names = [entry.name for entry in index.entries() if entry.weights == family]
    return [name for name in names if index.path(name).stat().st_size <= LARGEST]


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
            row["terms"] = _terms(family, folder.parent)
        shutil.copyfile(path, folder / row["file"])
        rows.append(row)
    content = {"detection": write_detection(folder), "models": rows}
    (folder / "index.json").write_text(json.dumps(content, separators=(",", ":")), "utf-8")


def _terms(family: str, out: Path) -> str:
    """Copies the terms of a family of weights; returns their place in the folder of the page."""
    place = f"licences/LICENSE-{family}"
    shutil.copyfile(REPOSITORY / TERMS[family], out / place)
    return place


def write_detection(folder: Path) -> dict[str, Any]:
    """The networks of the face detector, and their entry in `index.json`."""
    (folder / "blazeface.onnx").write_bytes(load_blazeface())
    (folder / "onestage.onnx").write_bytes(load_onestage())
    (folder / "onet.onnx").write_bytes(load_onet())
    _terms("open", folder.parent)  # of the network for small faces
    large, small, least = paired.THRESHOLDS
    return {
        "licence": "Apache-2.0 (BlazeFace, from the PyPI package mediapipe, and lapland's own "
        "network), MIT (MTCNN, from the PyPI package mtcnn)",
        "minFace": DetectorOptions.min_face,
        "large": paired.LARGE,
        "sure": orientation.SURE,
        "clear": paired.CLEAR,
        "both": paired.BOTH,
        "share": paired.SHARE,
        "possible": paired.POSSIBLE,
        "least": least,
        "rolled": paired.ROLLED,
        "same": paired.SAME,
        "leastSide": paired.LEAST,
        "mostAgain": paired.MOST_AGAIN,
        "hardly": paired.HARDLY,
        "tilt": orientation.TILT,
        "certain": orientation.CERTAIN,
        "hangs": orientation.HANGS,
        "floor": orientation.FLOOR,
        "wider": orientation.WIDER.tolist(),
        "blazeface": {
            "file": "blazeface.onnx",
            "side": blazeface.SIDE,
            "threshold": large,
            "same": merging.SAME,
            "fiveOfSix": blazeface.FIVE_OF_SIX.tolist(),
            "box": blazeface.BOX.tolist(),
        },
        "onestage": {
            "file": "onestage.onnx",
            "smallest": onestage.SMALLEST,
            "threshold": small,
            "same": merging.SAME,
            "box": onestage.BOX.tolist(),
        },
        "onet": {"file": "onet.onnx", "box": Onet.box_in_portrait},
        "agreement": {
            "face": portrait.FACE,
            "habit": agreement.HABIT.tolist(),
            "doubtful": agreement.DOUBTFUL,
            "certain": agreement.CERTAIN,
            "largestOffset": portrait.LARGEST_OFFSET,
            "close": agreement.CLOSE,
            "near": agreement.NEAR,
            "far": agreement.FAR,
            "rounds": agreement.ROUNDS,
            "nearer": agreement.NEARER,
            "surelyFace": agreement.SURELY_FACE,
            "sure": agreement.SURE,
            "same": agreement.SAME,
        },
    }


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
        "unsure": info.unsure * info.size / 80 * 3 / info.crop_factor,
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
