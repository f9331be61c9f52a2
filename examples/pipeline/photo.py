"""Landmarks with numpy and onnxruntime alone: python photo.py MODEL.onnx PHOTO.ppm."""

import json
import sys
from pathlib import Path

import numpy as np
import onnxruntime

session = onnxruntime.InferenceSession(sys.argv[1])
height, width, _ = session.get_inputs()[0].shape
facts = json.loads(session.get_modelmeta().custom_metadata_map["lapland.pipeline"])

data = Path(sys.argv[2]).read_bytes()  # PPM: "P6 width height 255", then red, green, blue
w, h = map(int, data.split(maxsplit=3)[1:3])
photo = np.frombuffer(data[-w * h * 3 :], np.uint8).reshape(h, w, 3)
if facts["colour"] == "BGR":
    photo = photo[..., ::-1]

rate = max(w / width, h / height)  # photo pixels in a pixel of the model's frame
y, x = (((np.arange(int(side / rate)) + 0.5) * rate).astype(int) for side in (h, w))
image = np.zeros((height, width, 3), np.uint8)
image[: len(y), : len(x)] = photo[y[:, None], x]

results = session.run(["landmarks", "radii_90", "confidence"], {"image": image})
for points, radii, confidence in zip(*results, strict=True):
    (nose_x, nose_y), radius = (points[30] + 0.5) * rate - 0.5, radii[30] * rate
    print(f"nose {nose_x:.2f} {nose_y:.2f} radius {radius:.2f} confidence {confidence:.3f}")
