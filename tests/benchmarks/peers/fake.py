"""A worker for tests, of the protocol alone: its variant says what it does. Not collected."""

import sys

import numpy as np

PACKAGES = ("numpy", "no-such-package")

# A face around the middle of the photo: eyes 40 pixels apart.
FACE = np.random.default_rng(0).uniform(-20, 20, (68, 2))
FACE[[36, 45]] = [-20, 0], [20, 0]


class Rival:
    """Sees a face in the middle of every photo, off by the first pixel's value in pixels."""

    rgb = True

    def __init__(self, variant: str) -> None:
        if variant == "broken":
            raise RuntimeError("there are no weights")
        if variant == "dies":
            sys.exit("it died at once")
        print("libraries print what they like")
        self._variant = variant
        self._prepared = 0

    def files(self) -> list[str]:
        return [__file__]

    def prepare(self, image):
        self._prepared += 1

    def detect(self, image):
        face = self._face(image)
        boxes = [] if face is None else [[*face.min(axis=0), *face.max(axis=0)]]
        return {"boxes": np.array(boxes).reshape(-1, 4)}

    def landmarks(self, image, box, five_points):
        if self._variant == "dies later":
            sys.exit("it died later")
        assert five_points.shape == (5, 2)
        return FACE + (box[:2] + box[2:]) / 2

    def predict(self, image):
        face = self._face(image)
        assert self._prepared
        return np.empty((0, 68, 2)) if face is None else face[None]

    def _face(self, image):
        red, green, _ = image[0, 0].tolist()
        if green:  # says that it should miss this one
            return None
        height, width = image.shape[:2]
        return FACE + np.array([width / 2 + red, height / 2])
