"""The astronaut at any angle and size, with the places of its five points."""

import cv2
import numpy as np

# Eyes, nose and corners of the mouth, read off the photo by eye.
POINTS = np.array([[204, 100], [246, 102], [225, 127], [202, 139], [244, 141]], float)
CENTRE = (224.0, 118.0)


def turned(image, degrees, *, scale=1.0, size=(640, 480), place=None):
    """The photo turned clockwise about its face -> scene and five points (5, 2) there."""
    matrix = cv2.getRotationMatrix2D(CENTRE, -degrees, scale)
    matrix[:, 2] += np.array(place or (size[0] / 2, size[1] / 2)) - CENTRE
    scene = cv2.warpAffine(
        image, matrix, size, flags=cv2.INTER_AREA, borderMode=cv2.BORDER_REPLICATE
    )
    return scene, POINTS @ matrix[:, :2].T + matrix[:, 2]


def error(found, truth):
    """Mean distance of five points in distances of the eyes."""
    unit = np.linalg.norm(truth[0] - truth[1])
    return float(np.linalg.norm(found - truth, axis=-1).mean() / unit)
