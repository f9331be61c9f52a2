"""PFLD and MobileFaceNet as of the project pytorch_face_landmark: crops of 112 x 112, RGB, 0 to 1.

An adapter for `--onnx FILE --adapter THIS`: the network's crop, its input, and
the meaning of its output. Others differ in size, margin and scaling: copy this file and change it.
"""

import numpy as np

SIZE = (112, 112)  # width and height of the network's input, pixels
_MARGIN = 1.1  # side of the crop, in longer sides of the box


def crop(box):
    """(4,) x1, y1, x2, y2 of a face -> those of the square that the network sees, image pixels.

    They are edges, not centres of pixels: 0 and 640 for the whole width of 640 pixels.
    """
    centre = (box[:2] + box[2:]) / 2
    half = _MARGIN * (box[2:] - box[:2]).max() / 2
    return (*(centre - half), *(centre + half))


def prepare(cut):
    """(112, 112, 3) uint8 BGR -> the input (1, 3, 112, 112) float32 RGB, 0 to 1."""
    rgb = cut[..., ::-1].astype(np.float32) / 255
    return np.ascontiguousarray(rgb.transpose(2, 0, 1))[None]


def landmarks(outputs):
    """All outputs of the network -> (68, 2) pixels of the crop; NaN for one that it has not."""
    return outputs[0].reshape(68, 2) * SIZE - 0.5
