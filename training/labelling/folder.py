"""A labelled face as two files: its picture, cut from the photo, and its `.pts`.

Each picture is cut from its photo at `AROUND` times the face and scaled down, so that a run can
hold many thousands in memory.
"""

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from lapland.base.files import write_text, write_whole
from lapland.formats.pts import to_pts

AROUND = 2.6  # side of the picture, in longer sides of the landmarks' box
MOST = 160  # pixels: longer side of that box in the picture
QUALITY = 95  # of JPEG


def write_face(
    folder: Path,
    name: str,
    photo: NDArray[np.uint8],
    landmarks: NDArray[np.floating],
    original: Path | None = None,
) -> None:
    """Writes `NAME.jpg` and `NAME.pts` for one face.

    Args:
        folder: folder of the index.
        name: the face's.
        photo: (H, W, 3) uint8 BGR.
        landmarks: (K, 2), pixels of the photo, NaN if not to be learned.
        original: the JPEG file of the photo, copied byte for byte if nothing is to be cut.
    """
    # Landmarks that are NaN have no part in the cut.
    low, high = np.nanmin(landmarks, axis=0), np.nanmax(landmarks, axis=0)
    longer = float((high - low).max())
    half = AROUND * longer / 2
    middle = (low + high) / 2
    size = np.array(photo.shape[1::-1])  # (W, H)
    start = np.floor(middle - half).clip(0).astype(int)  # (2,) first pixel
    # (2,): one beyond the last pixel, as slices want it.
    end = np.minimum(np.ceil(middle + half).astype(int) + 1, size)
    scale = min(1.0, MOST / longer)  # small faces are never enlarged
    path = folder / f"{name}.jpg"
    path.parent.mkdir(parents=True, exist_ok=True)
    # A photo of little more than the face is copied: to compress it again would change its pixels.
    # That is: nothing to scale, and at most a quarter of each side to cut off.
    small = longer <= MOST and (end - start >= 0.75 * size).all()
    if small and original is not None and original.suffix.lower() in (".jpg", ".jpeg"):
        start, scale, data = np.zeros(2, int), 1.0, original.read_bytes()  # landmarks stay, too
    else:
        part = photo[start[1] : end[1], start[0] : end[0]]
        if scale < 1:
            width, height = (max(1, round(scale * side)) for side in part.shape[1::-1])
            # Sides are whole pixels, so the scale is a little off from `MOST / longer`.
            scale = (width / part.shape[1] + height / part.shape[0]) / 2
            part = np.asarray(cv2.resize(part, (width, height), interpolation=cv2.INTER_AREA))
        data = cv2.imencode(".jpg", part, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])[1].tobytes()
    write_whole(path, data)
    # Scaling leaves the outer corner of the first pixel, (-0.5, -0.5), in its place.
    points = (landmarks - start + 0.5) * scale - 0.5
    write_text(folder / f"{name}.pts", to_pts(points))
