"""Detection by MTCNN of ``facenet-pytorch``, which has no landmarks but the five points."""

import sys
import types
from pathlib import Path

import numpy as np
import torch

PACKAGES = ("facenet-pytorch", "torch", "numpy")
_MIN_FACE = 40  # as lapland's default, and its thresholds
_THRESHOLDS = (0.6, 0.7, 0.7)


def _lend_nms():
    """Stands in for torchvision: detection uses one function of it, `batched_nms`.

    torchvision must be of the same build as torch, which pip does not see to.
    """

    def batched_nms(boxes, scores, groups, threshold):
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
    sys.modules["torchvision.transforms"].functional = None
    sys.modules["torchvision.ops.boxes"].batched_nms = batched_nms


try:
    import torchvision  # noqa: F401
except (ImportError, RuntimeError):  # missing, or of another build than torch
    _lend_nms()

import facenet_pytorch  # noqa: E402


class Rival:
    """Detection with the settings of lapland's."""

    rgb = True

    def __init__(self, variant: str) -> None:
        torch.set_num_threads(1)
        self._detector = facenet_pytorch.MTCNN(
            keep_all=True, min_face_size=_MIN_FACE, thresholds=list(_THRESHOLDS), device="cpu"
        )

    def files(self) -> list[Path]:
        folder = Path(facenet_pytorch.__file__).parent / "data"
        return [folder / f"{stage}net.pt" for stage in "pro"]

    def detect(self, image):
        boxes, _ = self._detector.detect(image)
        return {"boxes": np.empty((0, 4)) if boxes is None else np.asarray(boxes, np.float64)}
