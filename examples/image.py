"""Landmarks of one photo, printed and drawn: `python examples/image.py PHOTO [DRAWING]`."""

import sys

import cv2

from lapland import Detector, draw

photo = sys.argv[1] if len(sys.argv) > 1 else "examples/astronaut.png"
drawing = sys.argv[2] if len(sys.argv) > 2 else "landmarks.jpg"

image = cv2.imread(photo)
if image is None:
    sys.exit(f"{photo} cannot be read as an image")

faces = Detector().predict(image)
for face in faces:
    eyes = face.landmarks[list(face.scheme.groups["eyes"])].mean(axis=0)
    unsure = face.scales.argmax()
    print(
        f"box {face.box.round().astype(int).tolist()}, score {face.score:.3f}, "
        f"middle of the eyes {eyes.round(1).tolist()}, "
        f"least sure of landmark {unsure} ({face.scales[unsure]:.1f} px)"
    )
cv2.imwrite(drawing, draw(image, faces))
