"""Landmarks of a live picture: `python examples/webcam.py [VIDEO]`; q ends it."""

import sys

import cv2

from lapland import Tracker, draw

source = sys.argv[1] if len(sys.argv) > 1 else 0
capture = cv2.VideoCapture(source)
if not capture.isOpened():
    sys.exit(f"{source}: no camera or video that can be read")
with Tracker() as tracker:
    while True:
        there, frame = capture.read()
        if not there:
            break
        faces = tracker.update(frame)
        for face in faces:
            x, y = face.landmarks[30]
            print(f"face {face.id}: tip of the nose at {x:.1f}, {y:.1f}")
        cv2.imshow("lapland", draw(frame, faces))
        if cv2.waitKey(1) == ord("q"):
            break
capture.release()
