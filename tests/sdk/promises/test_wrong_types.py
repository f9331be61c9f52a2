"""Arguments of a wrong type, or of a megabyte, give an error of lapland's, in a few lines."""

import numpy as np
import pytest

from lapland import Detector, Faces, LaplandError, draw

LARGE = ["A" * 1_000_000, "line\n" * 200_000, [[1, 2, 3, 4]] * 50_000 + [[1]], np.zeros(1 << 20)]
WRONG = [*LARGE, "0.9", [0.5, 0.9], {}, object(), np.zeros(9), 1j, b"x" * 1_000_000, None]


@pytest.fixture(scope="module")
def faces(detector, image):
    return detector.predict(image)


CALLS = {
    "radius": lambda d, f, i, x: f.radius(x),
    "draw, radius": lambda d, f, i, x: draw(i, f, radius=x),
    "draw, faces": lambda d, f, i, x: draw(i, x),
    "draw, image": lambda d, f, i, x: draw(x, f),
    "predict": lambda d, f, i, x: d.predict(x),
    "boxes": lambda d, f, i, x: d.predict(i, boxes=x),
    "five_points": lambda d, f, i, x: d.predict(i, five_points=x),
    "predict_many": lambda d, f, i, x: list(d.predict_many(x)),
    **{
        f"Detector, {name}": lambda d, f, i, x, name=name: Detector(**{name: x})
        for name in ("width", "precision", "decoder", "model", "min_face", "thresholds")
    },
    **{
        f"Detector, {name}": lambda d, f, i, x, name=name: Detector(**{name: x})
        for name in ("pyramid_factor", "threads", "rgb", "min_confidence", "max_faces")
    },
    "Faces, scheme": lambda d, f, i, x: Faces(
        f.boxes, f.scores, f.five_points, f.landmarks, f.scales, x
    ),
}
# What None asks for there.
NONE = {"draw, radius", "boxes", "five_points", "Detector, model", "Detector, threads"}
NONE |= {f"Detector, {name}" for name in ("max_faces", "width", "precision", "thresholds")}


@pytest.mark.parametrize("call", CALLS)
def test_wrong_types(detector, faces, image, call):
    for value in WRONG:
        if value is None and call in NONE:
            continue
        with pytest.raises(LaplandError) as caught:
            CALLS[call](detector, faces, image, value)
        message = str(caught.value)
        assert len(message) < 700, message[:900]
        assert "\n" not in message
