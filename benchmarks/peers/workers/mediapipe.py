"""FaceMesh of MediaPipe, with the weights that its wheel holds."""

from pathlib import Path

import mediapipe as mp
import numpy as np

PACKAGES = ("mediapipe", "numpy", "opencv-contrib-python")
_FRAMES = 3  # before the one that is timed
_MOST_FACES = 10  # of a photo; 1 by default, which need not be the annotated one


class Rival:
    """FaceMesh for single photos, refined, or for video; its detector alone beside it."""

    rgb = True

    def __init__(self, variant: str) -> None:
        self._refined = variant == "refined"
        self._folder = Path(mp.__file__).parent / "modules"
        if variant == "tracking":
            self.prepare = self._begin
            return
        self._mesh = self._open(True)
        if not self._refined:  # the same for both
            self._finder = mp.solutions.face_detection.FaceDetection(model_selection=0)
            self.detect = self._detect

    def files(self) -> list[Path]:
        """The network of the landmarks."""
        name = "face_landmark_with_attention" if self._refined else "face_landmark"
        return [self._folder / "face_landmark" / f"{name}.tflite"]

    def predict(self, image):
        faces = self._mesh.process(image).multi_face_landmarks or []
        points = [[(point.x, point.y) for point in face.landmark] for face in faces]
        # From 0 to 1 over the whole image: the centre of the first pixel is at half a pixel.
        return np.array(points).reshape(len(faces), -1, 2) * image.shape[1::-1] - 0.5

    def _detect(self, image):
        height, width = image.shape[:2]
        rows = []
        for found in self._finder.process(image).detections or []:
            box = found.location_data.relative_bounding_box
            x, y = box.xmin * width, box.ymin * height
            rows.append([x, y, x + box.width * width, y + box.height * height])
        return {"boxes": np.array(rows).reshape(-1, 4)}

    def _begin(self, image):
        if hasattr(self, "_mesh"):
            self._mesh.close()
        self._mesh = self._open(False)
        for _ in range(_FRAMES):
            self._mesh.process(image)

    def _open(self, single):
        # While it follows fewer faces than it may, it searches every frame: in video it gets one.
        most = _MOST_FACES if single else 1
        return mp.solutions.face_mesh.FaceMesh(
            static_image_mode=single, refine_landmarks=self._refined, max_num_faces=most
        )
