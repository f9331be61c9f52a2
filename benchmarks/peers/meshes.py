"""MediaPipe's face mesh of photos: `PYTHON benchmarks/peers/meshes.py LIST OUT.npy`.

Runs in an environment that has mediapipe, by its own face detector. LIST names a photo a line; OUT
gets (N, 478, 3) float32, x and y in image pixels (the first pixel's centre at 0), depth in the same
unit and smaller towards the camera; NaN if it finds no face.
"""

import sys
from pathlib import Path

import cv2
import mediapipe
import numpy as np

VERTICES = 478


def main() -> None:
    """The command line."""
    names = Path(sys.argv[1]).read_text(encoding="utf-8").splitlines()
    found = np.full((len(names), VERTICES, 3), np.nan, np.float32)
    options = {"static_image_mode": True, "refine_landmarks": True, "max_num_faces": 1}
    with mediapipe.solutions.face_mesh.FaceMesh(**options) as mesh:
        for row, name in zip(found, names, strict=True):
            image = cv2.imread(name)
            faces = mesh.process(image[..., ::-1]).multi_face_landmarks
            if faces:
                height, width = image.shape[:2]
                points = np.array([(p.x, p.y, p.z) for p in faces[0].landmark])
                row[:] = points * (width, height, width) - (0.5, 0.5, 0)
    np.save(sys.argv[2], found)


if __name__ == "__main__":
    main()
