"""Drawing of faces on an image: contours, and landmarks coloured by how sure they are."""

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from ..base.checks import check_flags
from ..base.errors import OptionError
from ..base.hints import DRAW_KEYWORDS, hinting
from ..image.loading import ImageLike, load_image
from .face import Face
from .faces import Faces

# Scales that are drawn green and red, in sides of the face. In 300-W's validation faces a quarter
# of the default model's landmarks lie below the first, and 1 % above the second.
SURE, UNSURE = 0.0196, 0.0324
_COLOURS = np.array([[120, 230, 60], [40, 210, 250], [40, 60, 240]], np.float64)  # BGR
_LINE = (250, 250, 250)
_INK = (30, 30, 30)
_AXES = ((60, 60, 240), (60, 200, 60), (240, 120, 40))  # BGR: right, up, forward
_SHIFT = 4  # fractional bits of the coordinates that OpenCV takes
_FRACTION = 1 << _SHIFT
_LARGEST_SIDE = 32768.0  # pixels, of a face; letters of thousands crash OpenCV 5.0
_LARGEST = 1 << 24  # pixels; coordinates beyond would overflow OpenCV's 32-bit fixed point


@hinting(DRAW_KEYWORDS)
def draw(
    image: ImageLike,
    faces: Faces | Face,
    *,
    boxes: bool = False,
    radius: float | None = None,
    pose: bool = False,
    rgb: bool = False,
) -> NDArray[np.uint8]:
    """Draws faces on a copy of an image.

    Each landmark is a dot: green if the network is sure of it, over yellow to red if it is
    not, by its scale relative to the face. Lines and dots are as thick as the face is large, so
    that small and large photos both look right.

    Args:
        image: any image that `Detector.predict` takes.
        faces: its result, or one face of it.
        boxes: also draw each face's box and score.
        radius: also draw, about each landmark, the circle that holds it with this probability:
            `radius=0.9` for that of `faces.radius(0.9)`.
        pose: also draw the axes of each head: red to the right of the picture, green up, blue
            along the gaze of the face; and yaw, pitch and roll with their 90 % intervals.
        rgb: whether arrays are RGB: the image and the result.

    Returns:
        (H, W, 3) uint8 BGR, or RGB as asked; a new array.

    Raises:
        ImageError: the image cannot be used.
        OptionError: `faces` are none, `radius` is not between 0 and 1, or `pose` is True and
            the landmarks are not the 68 of `IBUG68`.
        ModelError: `radius` is given, and the faces come from a model without calibration.
    """
    if not isinstance(faces, (Faces, Face)):
        raise OptionError(
            f"faces must be the Faces that predict or update returned, not {type(faces).__name__}"
        )
    check_flags(boxes=boxes, pose=pose, rgb=rgb)
    canvas = load_image(image, rgb=rgb).copy()
    for face in [faces] if isinstance(faces, Face) else faces:
        # The size of the photo limits the thickness, even for a face that claims to be huge.
        side = min(_side(face), float(max(canvas.shape)), _LARGEST_SIDE)
        _draw_contours(canvas, face, side)
        if radius is not None:
            _draw_circles(canvas, face, side, face.radius(radius))
        _draw_dots(canvas, face, side)
        if boxes:
            _draw_box(canvas, face, side)
        if pose:
            _draw_pose(canvas, face, side)
    return np.ascontiguousarray(canvas[..., ::-1]) if rgb else canvas


def certainty_colours(face: Face) -> list[tuple[int, int, int]]:
    """BGR colour of each landmark, from green (sure) over yellow to red (unsure)."""
    scales = face.scales.astype(np.float64) / _side(face)
    relative = np.log(np.maximum(scales, 1e-6) / SURE) / np.log(UNSURE / SURE)
    at = np.clip(relative, 0, 1) * (len(_COLOURS) - 1)
    low = np.minimum(at.astype(int), len(_COLOURS) - 2)
    part = (at - low)[:, None]
    mixed = _COLOURS[low] * (1 - part) + _COLOURS[low + 1] * part
    return [(int(b), int(g), int(r)) for b, g, r in mixed.round()]


def _side(face: Face) -> float:
    """Side of the square that has the area of the landmarks' bounding box, pixels."""
    width, height = np.ptp(face.landmarks.astype(np.float64), axis=0)
    return max(float(np.sqrt(width * height)), 1.0)


def _fixed(points: NDArray[np.floating[Any]]) -> NDArray[np.int32]:
    near = np.clip(points, -_LARGEST, _LARGEST)
    fixed: NDArray[np.int32] = np.round(near * _FRACTION).astype(np.int32)
    return fixed


def _draw_contours(canvas: NDArray[np.uint8], face: Face, side: float) -> None:
    thickness = max(1, round(side / 220))
    # Blended within the face's own rectangle: copying the photo for each face would take seconds
    # while a large one holds hundreds.
    height, width = canvas.shape[:2]
    low = np.clip(face.landmarks.min(axis=0) - thickness - 1, 0, (width, height)).astype(int)
    high = np.clip(face.landmarks.max(axis=0) + thickness + 2, 0, (width, height)).astype(int)
    part = canvas[low[1] : high[1], low[0] : high[0]]
    if part.size == 0:
        return
    layer = part.copy()
    for indices, closed in face.scheme.contours:
        line = _fixed(face.landmarks[list(indices)] - low)
        cv2.polylines(layer, [line], closed, _LINE, thickness, cv2.LINE_AA, _SHIFT)
    # On a small face a line of one pixel would cover too much, so it is drawn fainter.
    strength = min(0.75, 0.2 + side / 400)
    part[:] = cv2.addWeighted(layer, strength, part, 1 - strength, 0)


def _draw_dots(canvas: NDArray[np.uint8], face: Face, side: float) -> None:
    radius = max(0.9, side / 110)
    for point, colour in zip(_fixed(face.landmarks), certainty_colours(face), strict=True):
        centre = (int(point[0]), int(point[1]))
        cv2.circle(
            canvas, centre, round(radius * _FRACTION), colour, cv2.FILLED, cv2.LINE_AA, _SHIFT
        )


def _draw_circles(
    canvas: NDArray[np.uint8], face: Face, side: float, radii: NDArray[np.float32]
) -> None:
    thickness = max(1, round(side / 220))
    # A circle that is wider than the photo could not be seen.
    lengths = _fixed(np.minimum(radii, 2 * max(canvas.shape)))
    rows = zip(_fixed(face.landmarks), lengths, certainty_colours(face), strict=True)
    for point, length, colour in rows:
        centre = (int(point[0]), int(point[1]))
        cv2.circle(canvas, centre, int(length), colour, thickness, cv2.LINE_AA, _SHIFT)


def _draw_box(canvas: NDArray[np.uint8], face: Face, side: float) -> None:
    thickness = max(1, round(side / 160))
    corners = _fixed(face.box.reshape(2, 2))
    first, last = (tuple(int(v) for v in corner) for corner in corners)
    cv2.rectangle(canvas, first, last, _LINE, thickness, cv2.LINE_AA, _SHIFT)
    size = max(0.35, side / 300)
    left, top = (corners[0] / _FRACTION).tolist()
    at = (int(left), int(max(top - 6 * size, 22 * size)))
    cv2.putText(
        canvas,
        f"{face.score:.2f}",
        at,
        cv2.FONT_HERSHEY_SIMPLEX,
        size,
        _LINE,
        thickness,
        cv2.LINE_AA,
    )


def _draw_pose(canvas: NDArray[np.uint8], face: Face, side: float) -> None:
    """The head's axes at the bridge of the nose, and its angles above the face."""
    pose = face.pose()
    thickness = max(1, round(side / 90))
    start = face.part("nose_bridge")[0].astype(np.float64)
    for axis, colour in enumerate(_AXES):
        end = start + 0.6 * side * pose.rotation[:2, axis] * [1, -1]
        first, last = (tuple(int(v) for v in _fixed(point)) for point in (start, end))
        cv2.line(canvas, first, last, colour, thickness, cv2.LINE_AA, _SHIFT)
    angles = zip("ypr", (pose.yaw, pose.pitch, pose.roll), pose.radius(0.9), strict=True)
    size, low = max(0.35, side / 400), face.landmarks.min(axis=0)
    for row, (name, angle, radius) in enumerate(angles):
        corner = np.clip([low[0], low[1] - (2 - row) * 34 * size - 20 * size], -_LARGEST, _LARGEST)
        at = (int(corner[0]), int(corner[1]))
        text = f"{name} {angle:.0f} +-{radius:.0f}"
        for ink, width in ((_INK, 3), (_LINE, 1)):
            font = cv2.FONT_HERSHEY_SIMPLEX
            cv2.putText(canvas, text, at, font, size, ink, width * max(1, round(size)), cv2.LINE_AA)
