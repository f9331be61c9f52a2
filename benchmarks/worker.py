"""One detector in a process of its own: `python worker.py NAME PHOTOS.npy`, see `detection.py`.

Runs with any Python that has numpy and the detector, so it imports nothing else of this folder.
Prints {"ready": versions} or {"skip": reason}; then, for each index of a photo read from stdin,
{"ms": time of the call, "boxes": [[x1, y1, x2, y2], ...]}. Each detector gets the photo in the
channel order that it wants; its own conversion to tensors is part of the time.
"""

import contextlib
import json
import os
import sys
import time
import types
import warnings
from collections.abc import Callable
from importlib.metadata import version
from typing import Any

# Before any library reads them. One thread each.
for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["CUDA_VISIBLE_DEVICES"] = "-1"

import numpy as np  # noqa: E402

Image = np.ndarray[Any, np.dtype[np.uint8]]
Boxes = np.ndarray[Any, Any]
Detect = Callable[[Image], Boxes]

MIN_FACE = 40
THRESHOLDS = (0.6, 0.7, 0.7)


def lapland_detect() -> tuple[Detect, bool]:
    """MTCNN of lapland alone."""
    import cv2

    from lapland._models import load_mtcnn
    from lapland._mtcnn import Mtcnn

    cv2.setNumThreads(1)
    mtcnn = Mtcnn(*load_mtcnn(), min_face=MIN_FACE, thresholds=THRESHOLDS, threads=1)
    return lambda bgr: mtcnn.detect(bgr)[0], False


def lapland_predict() -> tuple[Detect, bool]:
    """The whole of `Detector().predict`: detection and 68 landmarks."""
    import cv2

    import lapland

    cv2.setNumThreads(1)
    detector = lapland.Detector(min_face=MIN_FACE, thresholds=THRESHOLDS, threads=1)
    return lambda bgr: detector.predict(bgr).boxes, False


def mtcnn() -> tuple[Detect, bool]:
    """The package ``mtcnn`` 1.0.0 on TensorFlow.

    With `min_face_size` of 30 or more it finds nothing as it is: it builds as many levels of the
    pyramid as for 20, TensorFlow refuses the last, smaller than the window of the P-Net, and the
    package takes the refusal for "no faces". Those levels are left out here, which costs no time.
    """
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    import mtcnn as package
    from mtcnn.stages import stage_pnet

    original = stage_pnet.build_scale_pyramid

    def large_enough(width: int, height: int, **options: Any) -> Any:
        scales = original(width, height, **options)
        return scales[[min(int(width * s), int(height * s)) >= 12 for s in scales]]

    stage_pnet.build_scale_pyramid = large_enough
    detector = package.MTCNN()
    first, second, third = THRESHOLDS

    def detect(rgb: Image) -> Boxes:
        rows = detector.detect_faces(
            rgb,
            min_face_size=MIN_FACE,
            threshold_pnet=first,
            threshold_rnet=second,
            threshold_onet=third,
            fit_to_image=False,
            box_format="xyxy",
            output_type="numpy",
        )
        return rows[:, 1:5]

    return detect, True


def facenet() -> tuple[Detect, bool]:
    """MTCNN of ``facenet-pytorch``."""
    import torch

    torch.set_num_threads(1)
    try:
        import torchvision  # noqa: F401
    except (ImportError, RuntimeError):  # of another build than torch
        _lend_nms(torch)
    from facenet_pytorch import MTCNN

    detector = MTCNN(
        keep_all=True, min_face_size=MIN_FACE, thresholds=list(THRESHOLDS), device="cpu"
    )

    def detect(rgb: Image) -> Boxes:
        boxes, _ = detector.detect(rgb)
        return np.empty((0, 4)) if boxes is None else np.asarray(boxes, np.float64)

    return detect, True


def _lend_nms(torch: Any) -> None:
    """Stands in for torchvision, of which detection uses one function, `batched_nms`."""

    def batched_nms(boxes: Any, scores: Any, groups: Any, threshold: float) -> Any:
        order = scores.numpy().argsort()[::-1]
        # Moved apart by group, boxes of different groups do not overlap.
        moved = boxes.numpy() + (groups.numpy() * (boxes.numpy().max(initial=0) + 1))[:, None]
        x1, y1, x2, y2 = moved[order].T
        shared = np.maximum(np.minimum(x2, x2[:, None]) - np.maximum(x1, x1[:, None]), 0)
        shared *= np.maximum(np.minimum(y2, y2[:, None]) - np.maximum(y1, y1[:, None]), 0)
        areas = (x2 - x1) * (y2 - y1)
        meet = shared > threshold * (areas + areas[:, None] - shared)
        gone = np.zeros(len(order), bool)
        for row in range(len(order)):
            if not gone[row]:
                gone[row + 1 :] |= meet[row, row + 1 :]
        return torch.from_numpy(order[~gone].copy())

    for name in [name for name in sys.modules if name.split(".")[0] == "torchvision"]:
        del sys.modules[name]
    parts = ("torchvision", "torchvision.transforms", "torchvision.ops", "torchvision.ops.boxes")
    for name in parts:
        sys.modules[name] = types.ModuleType(name)
    sys.modules["torchvision.transforms"].functional = None  # type: ignore[attr-defined]
    sys.modules["torchvision.ops.boxes"].batched_nms = batched_nms  # type: ignore[attr-defined]


DETECTORS: dict[str, tuple[Callable[[], tuple[Detect, bool]], tuple[str, ...]]] = {
    "lapland-detect": (lapland_detect, ("numpy", "onnxruntime", "opencv-python")),
    "lapland-predict": (lapland_predict, ("numpy", "onnxruntime", "opencv-python")),
    "mtcnn": (mtcnn, ("mtcnn", "tensorflow", "tensorflow-cpu")),
    "facenet-pytorch": (facenet, ("facenet-pytorch", "torch")),
}


def versions(names: tuple[str, ...]) -> dict[str, str]:
    """Versions of those packages that are installed."""
    found = {}
    for name in names:
        with contextlib.suppress(Exception):  # one of two names of a package is enough
            found[name] = version(name)
    return found


def main() -> None:
    """Answers on stdout; what the libraries print goes to stderr."""
    warnings.simplefilter("ignore")
    name, photos = sys.argv[1:]
    out = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    start, packages = DETECTORS[name]
    try:
        detect, wants_rgb = start()
    except (ImportError, RuntimeError) as error:
        print(json.dumps({"skip": f"{type(error).__name__}: {error}".splitlines()[0]}), file=out)
        return
    images = np.load(photos)  # (N, H, W, 3) BGR
    if wants_rgb:
        images = np.ascontiguousarray(images[..., ::-1])
    print(json.dumps({"ready": versions(packages)}), file=out)
    for line in sys.stdin:
        image = images[int(line)]
        begin = time.perf_counter_ns()
        boxes = detect(image)
        spent = (time.perf_counter_ns() - begin) / 1e6
        print(json.dumps({"ms": spent, "boxes": np.asarray(boxes).tolist()}), file=out)


if __name__ == "__main__":
    main()
