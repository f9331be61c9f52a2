"""Head pose of a live picture or a video: `python examples/head_pose.py [SOURCE] [--text]`.

Draws the axes of each head; `--text` prints the angles instead, on machines without a screen.
"""

import sys

import cv2

from lapland import draw, track

text = "--text" in sys.argv
sources = [argument for argument in sys.argv[1:] if argument != "--text"]
for time, frame, faces in track(sources[0] if sources else "0"):
    poses = faces.pose()
    if text:
        for identity, angles, radii in zip(faces.ids, poses.angles, poses.radius(0.9), strict=True):
            yaw, pitch, roll = (f"{a:.0f}±{r:.0f}" for a, r in zip(angles, radii, strict=True))
            print(f"{time:.2f} s: face {identity}: yaw {yaw}, pitch {pitch}, roll {roll}")
        continue
    cv2.imshow("lapland", draw(frame, faces, pose=True))
    if cv2.waitKey(1) == ord("q"):
        break
