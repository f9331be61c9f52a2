"""One ONNX file from a photo to landmarks, for every language: `python -m export.pipeline`.

    python -m export.pipeline [--model NAME ...] [--size 640x480] [--min-face 40] [--faces 32]
                              [--rounds 1] [--colour bgr] [--out dist/pipeline]

It takes photos of one size, and holds the face detector, the landmark network and everything
between and after: smaller sizes, suppression, crops, image coordinates, radii and confidence.
`docs/other-languages.md` describes its input and outputs. Without `--model` it writes one file for
each default of `Detector` and `Tracker`.
"""

import argparse
import re
from pathlib import Path

import onnx

from export.stages.photo import Photo, build
from lapland.base.errors import LaplandError
from lapland.base.files import write_whole
from lapland.networks import index
from lapland.networks.loading import load, load_blazeface, load_onestage, load_onet
from training.common.command import as_program
from training.common.paths import REPOSITORY

OUT = REPOSITORY / "dist" / "pipeline"


def main(arguments: list[str] | None = None) -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m export.pipeline", description=__doc__)
    default = Photo()
    parser.add_argument(
        "--model",
        nargs="+",
        default=[entry.name for entry in index.entries() if entry.default],
        help="names of shipped landmark models, or paths of ONNX files",
    )
    parser.add_argument("--size", default="640x480", help="width and height of the photo, pixels")
    parser.add_argument(
        "--min-face", type=int, default=default.min_face, help="side of the smallest face, pixels"
    )
    parser.add_argument(
        "--faces", type=int, default=default.faces, help="how many at most, the largest"
    )
    parser.add_argument(
        "--rounds",
        type=int,
        default=default.rounds,
        help="how often a face found the wrong way up may be placed anew, 0 to 3",
    )
    parser.add_argument("--colour", choices=("bgr", "rgb"), default="bgr", help="order of channels")
    parser.add_argument("--out", type=Path, default=OUT, help="folder of the files")
    options = parser.parse_args(arguments)
    try:
        width, height = size_of(options.size)
        rgb, few = options.colour == "rgb", (options.min_face, options.faces, options.rounds)
        photo = Photo(width, height, rgb, *few)
        options.out.mkdir(parents=True, exist_ok=True)
        for model in options.model:
            file = options.out / f"{Path(model).stem}-{width}x{height}.onnx"
            write(file, model, photo)
            print(f"{file}: {file.stat().st_size / 1e6:.2f} MB")
    except (ValueError, OSError, LaplandError) as error:
        raise SystemExit(f"export.pipeline: {error}") from None


def write(file: Path, model: str, photo: Photo) -> None:
    """Writes one file.

    Args:
        file: where to.
        model: name of a shipped landmark model, or path of an ONNX file.
        photo: its input.

    Raises:
        ModelError: there is no such model, or the file is damaged.
        ValueError: the model is not calibrated.
    """
    path = index.path(model) if model in index.shipped() else Path(model)
    if not path.suffix:
        known = ", ".join(index.shipped())
        raise ValueError(f"--model: expected the path of an ONNX file or {known}, not {model!r}")
    _, info = load(path, threads=1)
    files = {"blazeface": load_blazeface(), "onestage": load_onestage(), "onet": load_onet()}
    nets = {net: onnx.load_model_from_string(data) for net, data in files.items()}
    content = build(photo, onnx.load(path), info, nets).SerializeToString(deterministic=True)
    write_whole(file, content)


def size_of(text: str) -> tuple[int, int]:
    """`640x480` -> width and height.

    Raises:
        ValueError: it is something else.
    """
    found = re.fullmatch(r"(\d{1,5})x(\d{1,5})", text)
    if found is None:
        raise ValueError(f"--size: expected WIDTHxHEIGHT in pixels, as 640x480, not {text!r}")
    return int(found[1]), int(found[2])


if __name__ == "__main__":
    as_program(main)
