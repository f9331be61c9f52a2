"""Upright faces of a folder, for a recognition network: `python examples/chips.py PHOTOS OUT`."""

import sys
from pathlib import Path

import cv2

from lapland import Detector, ImageError

SURE = 0.5  # least confidence of good landmarks

if len(sys.argv) < 3:
    sys.exit(__doc__)
photos, out = Path(sys.argv[1]), Path(sys.argv[2])
out.mkdir(parents=True, exist_ok=True)
detector = Detector()
for photo in sorted(photos.iterdir()):
    try:
        faces = detector.predict(photo)
    except ImageError as error:
        print(error, file=sys.stderr)
        continue
    faces = faces[faces.confidence > SURE]
    for number, chip in enumerate(faces.chips(photo, size=112)):
        cv2.imwrite(str(out / f"{photo.stem}_{number}.png"), chip)
    print(f"{photo.name}: {len(faces)}")
