"""Photos on disk."""

import cv2


def put(path, pixels):
    path.parent.mkdir(parents=True, exist_ok=True)
    assert cv2.imwrite(str(path), pixels)
    return str(path)
