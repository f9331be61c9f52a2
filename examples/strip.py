"""Draws some frames of a video side by side: `python examples/strip.py VIDEO DRAWING [FRAME ...]`.

Every frame is tracked, those that are named are drawn. It makes the picture of the tracker in
docs/video.md.
"""

import sys

import cv2
import numpy as np

from lapland import Tracker, draw

SIDE = 240  # pixels of each frame that are shown

if len(sys.argv) < 3:
    sys.exit(__doc__)
video, drawing = sys.argv[1:3]
wanted = {int(number) for number in sys.argv[3:]} or {0}
capture = cv2.VideoCapture(video)
tracker = Tracker(background=False)  # each frame waits for its faces
pictures = []
for number in range(max(wanted) + 1):
    there, frame = capture.read()
    if not there:
        sys.exit(f"{video}: has {number} frames")
    faces = tracker.update(frame)
    if number in wanted:
        picture = draw(frame, faces)
        height, width = picture.shape[:2]  # the middle is shown
        pictures.append(picture[(height - SIDE) // 2 :, (width - SIDE) // 2 :][:SIDE, :SIDE])
        pictures.append(np.full((SIDE, 4, 3), 255, np.uint8))
cv2.imwrite(drawing, np.hstack(pictures[:-1]), [cv2.IMWRITE_JPEG_QUALITY, 90])
