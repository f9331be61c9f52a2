"""lapland itself, the code of this checkout in any environment."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "sdk"))

import cv2

import lapland
from lapland.detection.registry import load_detector

PACKAGES = ("numpy", "onnxruntime", "opencv-python")
DETECTING = "open mobile int8"  # times of detection come from this row: they are the same for all
_FRAMES = 3  # before the one that is timed


class Rival:
    """`Detector`, or `Tracker`; the boxes that all rivals get are MTCNN's."""

    rgb = False

    def __init__(self, variant: str) -> None:
        weights, width, precision, *tracking = variant.split()
        cv2.setNumThreads(1)
        form = {"precision": precision, "weights": weights}
        self._detector = lapland.Detector(width, **form, threads=1)
        if tracking:
            self.prepare, self.predict = self._begin, self._follow
            return
        self._faces = load_detector(threads=1)
        if variant == DETECTING:
            self.detect = self._detect
        self.landmarks = self._landmarks
        self.predict = lambda image: self._detector.predict(image).landmarks

    def files(self) -> list[Path]:
        """The landmark model; MTCNN's three networks, 2 MB, are in every environment."""
        return [self._detector.model.path]

    def _detect(self, image):
        boxes, _, points = self._faces.detect(image)
        return {"boxes": boxes, "five_points": points}

    def _landmarks(self, image, box, five_points):
        return self._detector.predict(image, five_points=five_points[None]).landmarks[0]

    def _begin(self, image):
        self._tracker = lapland.Tracker(self._detector, background=False)
        for _ in range(_FRAMES):
            self._tracker.update(image)

    def _follow(self, image):
        return self._tracker.update(image).landmarks
