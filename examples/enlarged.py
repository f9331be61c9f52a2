"""Draws the largest face of a photo, enlarged: `python examples/enlarged.py PHOTO DRAWING`.

Lines and dots then have room; it draws the picture in README.md.
"""

import sys

import cv2
import numpy as np

from lapland import Detector, draw

SIDE = 720  # pixels of the drawing

if len(sys.argv) < 3:
    sys.exit(__doc__)
photo, drawing = sys.argv[1:3]
detector = Detector()
faces = detector.predict(photo)
if not len(faces):
    sys.exit(f"{photo}: no face of at least 40 pixels")

image = cv2.imread(photo)
x1, y1, x2, y2 = faces[0].box
centre, side = np.array([(x1 + x2) / 2, (y1 + y2) / 2]), 1.9 * max(x2 - x1, y2 - y1)
zoom = SIDE / side
matrix = np.hstack([np.eye(2) * zoom, (SIDE / 2 - zoom * centre)[:, None]])
face = cv2.warpAffine(
    image, matrix, (SIDE, SIDE), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
)
five_points = (faces.five_points[:1] * zoom) + matrix[:, 2]
cv2.imwrite(drawing, draw(face, detector.predict(face, five_points=five_points)))
