"""BlazeFace short range, out of the PyPI package ``mediapipe`` -> one ONNX graph.

    python -m export.blazeface [--source mediapipe-0.10.21-....whl] [--out models/blazeface]

The network finds faces that are large in the photo, with six points each: V. Bazarevsky et al.,
"BlazeFace: Sub-millisecond Neural Face Detection on Mobile GPUs", 2019.

    python -m export.blazeface --record tests/export/blazeface.npz

writes the outputs of the original runtime (``ai-edge-litert``) for the photo of the examples, with
which a test compares the graph.
"""

import argparse
import hashlib
import importlib.util
import zipfile
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from export.graph.blazeface import SIZE, convert
from export.shipping import hashes
from training.common.command import as_program
from training.common.paths import REPOSITORY

MEMBER = "mediapipe/modules/face_detection/face_detection_short_range.tflite"
SHA256 = "bbff11cebd1eb27a1e004cae0b0e63ec8c551cbf34a4451148b4908b8db3eca8"
METADATA = {
    "schema_version": "1",
    "name": "blazeface",
    "origin": "face_detection_short_range.tflite in the PyPI package mediapipe 0.10.21 by the "
    "MediaPipe authors, https://github.com/google-ai-edge/mediapipe",
    "origin_sha256": SHA256,
    "licence": "Apache-2.0",
}


def source_bytes(source: Path | None) -> bytes:
    """The TensorFlow Lite file: given, inside a given wheel, or inside the installed package.

    Raises:
        ModuleNotFoundError: no file is given and ``mediapipe`` is not installed.
        ValueError: the file is another one than that of version 0.10.21.
    """
    if source is None:
        spec = importlib.util.find_spec("mediapipe")
        if spec is None or spec.submodule_search_locations is None:
            raise ModuleNotFoundError(
                "the weights are read from the wheel of mediapipe 0.10.21; "
                "pip download --no-deps mediapipe==0.10.21, then --source FILE.whl"
            )
        data = (Path(spec.submodule_search_locations[0]).parent / MEMBER).read_bytes()
    elif source.suffix == ".whl":
        with zipfile.ZipFile(source) as wheel:
            data = wheel.read(MEMBER)
    else:
        data = source.read_bytes()
    found = hashlib.sha256(data).hexdigest()
    if found != SHA256:
        raise ValueError(
            f"expected the file of mediapipe 0.10.21 with SHA-256 {SHA256}, found {found}"
        )
    return data


def record(data: bytes, target: Path) -> None:
    """Runs the original on the photo of the examples and writes its inputs and outputs."""
    from ai_edge_litert.interpreter import Interpreter

    photo = cv2.imread(str(REPOSITORY / "examples" / "astronaut.png"), cv2.IMREAD_COLOR)
    image = cv2.resize(photo, (SIZE, SIZE), interpolation=cv2.INTER_AREA)
    interpreter = Interpreter(model_content=data, num_threads=1)
    interpreter.allocate_tensors()
    values = (image[None, ..., ::-1].astype(np.float32) - 127.5) / 127.5
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], values)
    interpreter.invoke()
    found = {
        detail["name"]: interpreter.get_tensor(detail["index"])
        for detail in interpreter.get_output_details()
    }
    np.savez_compressed(
        target, image=image, logits=found["classificators"][0, :, 0], offsets=found["regressors"][0]
    )


def main(arguments: Sequence[str] | None = None) -> None:
    """Writes the ONNX file and prints its SHA-256, or records the original's outputs."""
    parser = argparse.ArgumentParser(
        prog="python -m export.blazeface", description="BlazeFace as an ONNX file"
    )
    parser.add_argument("--source", type=Path, help="wheel of mediapipe 0.10.21, or the .tflite")
    default = hashes.MODELS / "blazeface"
    parser.add_argument("--out", type=Path, default=default, help="folder of the file")
    parser.add_argument("--record", type=Path, metavar="FILE", help="record the original instead")
    options = parser.parse_args(arguments)
    data = source_bytes(options.source)
    if options.record:
        record(data, options.record)
        return
    hashes.write(options.out, {"blazeface": convert(data, METADATA)})


if __name__ == "__main__":
    as_program(main)
