"""A landmark network in an ONNX file, used as an adapter says; MTCNN of lapland finds the faces."""

import importlib.util
import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "sdk"))

import cv2
import numpy as np
import onnxruntime as ort

from lapland.detection.registry import load_detector

PACKAGES = ("numpy", "onnxruntime", "opencv-python")


class Rival:
    """Crop, network, landmarks; `variant` is {"model": file, "adapter": file} in JSON."""

    rgb = False  # adapters get BGR
    mtcnn = True  # its own boxes are those that all get

    def __init__(self, variant: str) -> None:
        paths = json.loads(variant)
        cv2.setNumThreads(1)
        self._path = Path(paths["model"])
        self._adapter = _adapter(Path(paths["adapter"]))
        options = ort.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 3
        if not self._path.is_file():
            raise ValueError(f"{self._path}: there is no such file")
        try:
            self._session = ort.InferenceSession(
                self._path.read_bytes(), options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # of several classes that onnxruntime does not make public
            raise ValueError(f"{self._path}: {error}") from error
        self._input = self._session.get_inputs()[0].name
        self._mtcnn = load_detector("mtcnn", threads=1)

    def files(self) -> list[Path]:
        return [self._path]

    def landmarks(self, image, box, five_points):
        return self._fit(image, box)

    def predict(self, image):
        boxes, _, _ = self._mtcnn.detect(image)
        return np.array([self._fit(image, box) for box in boxes]).reshape(-1, 68, 2)

    def _fit(self, image, box):
        adapter = self._adapter
        x1, y1, x2, y2 = adapter.crop(np.asarray(box, float))
        width, height = adapter.SIZE
        # The crop's edges, which lie half a pixel outside of the centres of its outer pixels, onto
        # those of the network's input; the part beyond the photo is black.
        scale = np.array([width / (x2 - x1), height / (y2 - y1)])
        shift = -scale * (x1, y1) - 0.5
        cut = cv2.warpAffine(image, np.column_stack([np.diag(scale), shift]), (width, height))
        outputs = self._session.run(None, {self._input: adapter.prepare(cut)})
        points = np.asarray(adapter.landmarks(outputs), float)
        if points.shape != (68, 2):
            raise SystemExit(f"the adapter's landmarks: expected (68, 2), not {points.shape}")
        return (points - shift) / scale


def _adapter(path):
    spec = importlib.util.spec_from_file_location("adapter", path)
    if spec is None or not path.is_file():
        raise ValueError(f"{path}: expected a Python file with SIZE, crop, prepare and landmarks")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    missing = [
        name for name in ("SIZE", "crop", "prepare", "landmarks") if not hasattr(module, name)
    ]
    if missing:
        raise ValueError(f"{path}: expected SIZE, crop, prepare and landmarks; no {missing[0]}")
    return module
