"""dlib's HOG detector and its 68 landmarks, with the weights of `face_recognition_models`."""

from importlib.util import find_spec
from pathlib import Path

import dlib
import numpy as np

PACKAGES = ("dlib-bin", "face_recognition_models", "numpy")


class Rival:
    """Detection without enlarging the photo, as for faces of 80 pixels and more."""

    rgb = True

    def __init__(self, variant: str) -> None:
        # By its path: the package itself imports pkg_resources, which setuptools has given up.
        [folder] = find_spec("face_recognition_models").submodule_search_locations
        self._weights = Path(folder) / "models" / "shape_predictor_68_face_landmarks.dat"
        self._finder = dlib.get_frontal_face_detector()
        self._trees = dlib.shape_predictor(str(self._weights))

    def files(self) -> list[Path]:
        return [self._weights]

    def detect(self, image):
        boxes = [[r.left(), r.top(), r.right(), r.bottom()] for r in self._finder(image, 0)]
        return {"boxes": np.array(boxes, float).reshape(-1, 4)}

    def landmarks(self, image, box, five_points):
        return self._fit(image, dlib.rectangle(*np.round(box).astype(int).tolist()))

    def predict(self, image):
        faces = [self._fit(image, rectangle) for rectangle in self._finder(image, 0)]
        return np.array(faces).reshape(-1, 68, 2)

    def _fit(self, image, rectangle):
        return np.array([(p.x, p.y) for p in self._trees(image, rectangle).parts()])
