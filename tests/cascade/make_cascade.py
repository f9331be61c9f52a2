"""Records the original face detector on pictures that may be shown: writes `cascade.json`.

    python3 -m venv tf && tf/bin/pip install mtcnn==1.0.0 tensorflow opencv-python-headless
    tf/bin/python -m tests.cascade.make_cascade

The package `mtcnn` runs on TensorFlow, which no other test needs. So its boxes, scores and five
points are recorded once, and `tests/sdk/detection/test_recorded.py` compares the cascade with them.
Needs neither lapland nor torch.
"""

import json
import os
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from lapland.detection.pyramid import Halves

FILE = Path(__file__).with_name("cascade.json")
EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
DEFAULT = (0.6, 0.7, 0.7)
LOW = (0.1, 0.1, 0.1)
# Picture, smallest face, thresholds. Low thresholds leave many boxes to suppress; from there each
# is raised alone, as each has its own network.
RUNS = [
    ("astronaut", 40, DEFAULT),
    ("astronaut", 20, LOW),
    ("camera", 20, DEFAULT),
    ("camera", 20, LOW),
    ("border", 20, DEFAULT),
    ("sheet", 40, DEFAULT),
    ("sheet", 20, LOW),
    ("sheet", 20, (0.9, 0.1, 0.1)),
    ("sheet", 20, (0.1, 0.5, 0.1)),
    ("sheet", 20, (0.1, 0.1, 0.5)),
]

Image = NDArray[np.uint8]
Detections = tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]


def pictures() -> dict[str, Image]:
    """(H, W, 3) uint8, BGR, by name; made by whole-number arithmetic, the same on every machine."""
    astronaut = _read("astronaut.png")
    camera = _read("camera.png")
    return {
        "astronaut": astronaut,
        "camera": camera,
        "sheet": _sheet(astronaut[20:230, 110:320], camera[30:240, 110:320]),
        # The border cuts the face on three sides; the sizes are odd and no square.
        "border": np.ascontiguousarray(astronaut[73:160, 185:262]),
    }


def _read(name: str) -> Image:
    image = cv2.imread(str(EXAMPLES / name), cv2.IMREAD_COLOR)
    assert image is not None
    return image.astype(np.uint8)


def _shrunken(image: Image, factor: int) -> Image:
    """The mean of factor x factor pixels, rounded down."""
    height, width = (side // factor * factor for side in image.shape[:2])
    cells = image[:height, :width].astype(np.int64)
    cells = cells.reshape(height // factor, factor, width // factor, factor, 3)
    return (cells.sum(axis=(1, 3)) // factor**2).astype(np.uint8)


def _sheet(first: Image, second: Image) -> Image:
    """Both faces in several sizes, upright, mirrored, dark and lying, close to one another."""
    sheet = np.full((430, 521, 3), 90, np.uint8)
    half, third = _shrunken(first, 2), _shrunken(first, 3)
    places = [
        (first, 0, 0),
        (second, 0, 210),
        (half, 210, 0),
        (half[:, ::-1], 210, 105),
        (half // 2, 210, 210),
        (_shrunken(second, 2), 210, 315),
        (third, 325, 0),
        (third[:, ::-1], 325, 60),  # over the edge of the one before
        (third.transpose(1, 0, 2), 325, 150),
        (_shrunken(first, 4), 325, 230),
        (third[20:], 0, 430),
        (255 - third // 3, 60, 440),
        (half[:, :60], 210, 461),
        (_shrunken(first, 5)[::-1], 325, 300),
    ]
    for picture, top, left in places:
        height, width = picture.shape[:2]
        sheet[top : top + height, left : left + width] = picture
    return sheet


def area_pyramid(
    halves: Halves, *, scale: float, factor: float, smallest: int
) -> Iterator[tuple[float, NDArray[np.float32]]]:
    """The package's pyramid, for `Mtcnn`: each level pixel the mean of the area it covers."""
    image = halves.image
    exact = image.astype(np.float32)
    while min(int(image.shape[0] * scale), int(image.shape[1] * scale)) >= smallest:
        size = (int(image.shape[1] * scale), int(image.shape[0] * scale))
        yield scale, cv2.resize(exact, size, interpolation=cv2.INTER_AREA).astype(np.float32)
        scale *= factor


def reference() -> Callable[[Image, int, tuple[float, float, float]], Detections]:
    """The package's detector, its pyramid freed of the levels on which it fails.

    `build_scale_pyramid` counts levels as if min_face_size were about 20. With 30 or more the last
    levels are smaller than the P-Net's window, TensorFlow refuses them, and `detect_faces` takes
    the refusal for "no faces". With 20 the filter changes nothing.

    Returns:
        a function: image (BGR), smallest face and thresholds -> boxes (N, 4), scores (N,) and five
        points (N, 5, 2).
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import mtcnn
        from mtcnn.stages import stage_pnet
    original = stage_pnet.build_scale_pyramid

    def large_enough(width: int, height: int, **options: float) -> NDArray[np.float64]:
        scales: NDArray[np.float64] = original(width, height, **options)
        return scales[[min(int(width * s), int(height * s)) >= 12 for s in scales]]

    stage_pnet.build_scale_pyramid = large_enough
    detector = mtcnn.MTCNN()

    def detect(
        image: Image, min_face: int, thresholds: tuple[float, float, float] = DEFAULT
    ) -> Detections:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            rows = detector.detect_faces(
                cv2.cvtColor(image, cv2.COLOR_BGR2RGB),
                min_face_size=min_face,
                threshold_pnet=thresholds[0],
                threshold_rnet=thresholds[1],
                threshold_onet=thresholds[2],
                fit_to_image=False,
                box_format="xyxy",
                output_type="numpy",
            )
        return rows[:, 1:5], rows[:, 5], rows[:, 6:].reshape(-1, 2, 5).transpose(0, 2, 1)

    return detect


def main() -> None:
    """Writes the file anew."""
    detect, images = reference(), pictures()
    runs = []
    for name, min_face, thresholds in RUNS:
        boxes, scores, points = detect(images[name], min_face, thresholds)
        runs.append(
            {
                "picture": name,
                "min_face": min_face,
                "thresholds": list(thresholds),
                "boxes": np.round(boxes.astype(float), 4).tolist(),
                "scores": np.round(scores.astype(float), 6).tolist(),
                "five_points": np.round(points.astype(float), 4).tolist(),
            }
        )
        print(f"{name}, smallest face {min_face}, thresholds {thresholds}: {len(boxes)} faces")
    lines = ",\n".join(json.dumps(run) for run in runs)
    FILE.write_text(f'{{"package": "mtcnn 1.0.0", "runs": [\n{lines}\n]}}\n', encoding="utf-8")


if __name__ == "__main__":
    main()
