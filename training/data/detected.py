"""MTCNN's five points for annotated faces, found once and kept in `cache/`."""

import hashlib
import io
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from lapland.base.boxes import around, iou
from lapland.base.files import write_whole
from lapland.detection import mtcnn as _mtcnn
from lapland.detection import mtcnn_boxes, pyramid
from lapland.detection.registry import load_detector
from lapland.networks.loading import load_mtcnn
from training.common.paths import CACHE as CACHE_ROOT
from training.data.faces import AnnotatedFaces

CACHE = CACHE_ROOT / "five_points"
MIN_FACE = 40  # pixels; the SDK's default
LEAST_IOU = 0.3  # of a detected box with the box of the face


def add_detected(faces: AnnotatedFaces, cache: Path | None = None) -> AnnotatedFaces:
    """Fills `faces.detected` with the five points of the box that fits the landmarks best.

    A face counts as missed if no detected box overlaps its own with an IoU of at least
    `LEAST_IOU`. Its own box is the annotated one, or else the bounding box of its landmarks. A
    photo that several faces share is searched once. The cache of the points is `cache`, by default
    `CACHE`.
    """
    cache = CACHE if cache is None else cache
    files = load_mtcnn()
    path = cache / f"{_key(faces, files)}.npy"
    if path.exists():
        faces.detected = np.load(path)
        return faces
    mtcnn = load_detector("mtcnn", min_face=MIN_FACE)
    detected = np.full((len(faces), 5, 2), np.nan)  # NaN: missed
    annotated = around(faces.landmarks) if faces.boxes is None else faces.boxes  # (N, 4)
    # By id(), which stays valid because `faces.images` holds the arrays.
    found: dict[int, tuple[NDArray[np.floating], NDArray[np.floating]]] = {}
    for i, image in enumerate(tqdm(faces.images, desc="MTCNN", unit="face", mininterval=2.0)):
        if id(image) not in found:  # faces of one photo share one array
            boxes, _, points = mtcnn.detect(image)
            found[id(image)] = boxes, points
        boxes, points = found[id(image)]
        overlaps = iou(boxes, annotated[i : i + 1])[:, 0]  # (n,) for n detected boxes
        if len(overlaps) and overlaps.max() >= LEAST_IOU:
            detected[i] = points[overlaps.argmax()]
    cache.mkdir(parents=True, exist_ok=True)
    write_whole(path, _npy(detected))
    faces.detected = detected
    return faces


def _npy(array: NDArray[np.float64]) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array)
    return buffer.getvalue()


def _key(faces: AnnotatedFaces, files: tuple[bytes, bytes, bytes]) -> str:
    # Landmarks and boxes decide which of the detected faces is the annotated one.
    digest = hashlib.sha256(faces.landmarks.tobytes())
    if faces.boxes is not None:
        digest.update(faces.boxes.tobytes())
    for part in files:
        digest.update(part)
    for module in (mtcnn_boxes, _mtcnn, pyramid):  # detections depend on these too
        digest.update(Path(module.__file__).read_bytes())
    for image in faces.images:
        # Some eight rows of each photo are enough to notice another one.
        digest.update(image[:: max(1, image.shape[0] // 8)].tobytes())
    digest.update(f"{MIN_FACE} {LEAST_IOU}".encode())
    return digest.hexdigest()[:16]
