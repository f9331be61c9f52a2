"""A photo with blurred faces: `python examples/blurred.py PHOTO OUT`.

The command `lapland blur` does this for folders and videos.
"""

import sys

import cv2

from lapland import Detector, blur

if len(sys.argv) < 3:
    sys.exit(__doc__)
photo, out = sys.argv[1], sys.argv[2]
# Low thresholds: a blurred cushion is a smaller fault than a missed face.
detector = Detector(min_face=20, thresholds=(0.4, 0.2, 0.3))
faces = detector.predict(photo)
cv2.imwrite(out, blur(photo, faces, style="pixelate"))
print(f"{len(faces)} faces pixelated; check the result: one may have been missed")
