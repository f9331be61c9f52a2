"""MediaPipe's face mesh: 478 vertices of a face in a square, by the network in MediaPipe's wheel.

The network with attention, `face_landmark_with_attention.tflite` (Apache-2.0), runs by the graph
`FaceLandmarkCpu`. Both are in the wheel of mediapipe 0.10.21, so nothing is fetched at run time.
"""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

VERTICES = 478  # 468 of the skin, then five of each iris
SKIN = 468
SIZE = 320  # pixels; the graph shrinks this picture to the 192 that the network sees
CORNERS = (33, 263)  # vertices at the outer corners of the eyes, left and right in the picture
AROUND = 1.5  # side of the square, in longer sides of the mesh's box: as MediaPipe's own
BY_FIVE = 3.4  # the same square, in longer sides of the rectangle of the five points
ZOOMS = (1.5, 1.5, 1.35, 1.7, 1.7, 1.35, 1.5, 1.5)
"""Squares of the views, every second one mirrored; the last two are shifted and turned too."""
STEADY = 6  # views from this one on are shifted and turned
GRAPH = """
input_stream: "image" input_stream: "roi" input_side_packet: "with_attention"
output_stream: "landmarks"
node {
  calculator: "FaceLandmarkCpu"
  input_stream: "IMAGE:image" input_stream: "ROI:roi"
  input_side_packet: "WITH_ATTENTION:with_attention"
  output_stream: "LANDMARKS:landmarks"
}"""

Picture = NDArray[np.uint8]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Square:
    """A square that turns with the face, image pixels and radians."""

    centre: Floats
    side: float
    angle: float


def square_around(points: Floats, angle: float, zoom: float) -> Square:
    """The square around points (n, 2), parallel to axes turned by `angle`."""
    # Rows: the square's own x and y axes.
    axes = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    along = points @ axes.T  # (n, 2), coordinates along these axes
    low, high = along.min(axis=0), along.max(axis=0)
    # The centre goes back from the square's axes to the image.
    return Square(axes.T @ ((low + high) / 2), float(zoom * (high - low).max()), angle)


def square_of_vertices(vertices: Floats, zoom: float = AROUND) -> Square:
    """The square around a mesh (478, 2 or more), upright by the outer corners of the eyes."""
    eyes = vertices[CORNERS[1], :2] - vertices[CORNERS[0], :2]
    return square_around(vertices[:SKIN, :2], float(np.arctan2(eyes[1], eyes[0])), zoom)


def square_of_five_points(five: Floats) -> Square:
    """A first square, from the five points (5, 2) of a face detector."""
    eyes = five[1] - five[0]
    return square_around(five, float(np.arctan2(eyes[1], eyes[0])), BY_FIVE)


class Mesh:
    """The network, ready to run. One picture at a time; not for several threads.

    Raises:
        ImportError: mediapipe is not installed; the message says how to install it.
    """

    def __init__(self) -> None:
        os.environ.setdefault("GLOG_minloglevel", "3")  # the graph's chatter on stderr
        try:
            import mediapipe
            from google.protobuf import text_format
            from mediapipe.framework import calculator_pb2
            from mediapipe.framework.formats import rect_pb2
            from mediapipe.python import packet_creator, packet_getter
            from mediapipe.python._framework_bindings import calculator_graph, resource_util
        except ImportError as error:
            raise ImportError(
                f"the teacher needs mediapipe 0.10.21: pip install -e '.[teacher]' ({error})"
            ) from None
        # The graph names its network by a path relative to the folder of site-packages.
        resource_util.set_resource_dir(str(Path(mediapipe.__file__).parents[1]))
        config = text_format.Parse(GRAPH, calculator_pb2.CalculatorGraphConfig())
        self._make, self._read = packet_creator, packet_getter
        self._format = mediapipe.ImageFormat.SRGB
        # The region of interest is the whole picture: `see` cuts the square itself.
        self._whole = rect_pb2.NormalizedRect(x_center=0.5, y_center=0.5, width=1, height=1)
        self._time, self._packet = 0, None
        self._graph = calculator_graph.CalculatorGraph(graph_config=config)
        # True: it reports an empty packet if it sees no face.
        self._graph.observe_output_stream("landmarks", self._keep, True)
        self._graph.start_run({"with_attention": packet_creator.create_bool(True)})

    def _keep(self, _name: str, packet: Any) -> None:
        self._packet = packet

    def see(self, image: Picture, square: Square, mirrored: bool = False) -> Floats | None:
        """The vertices of the face in a square.

        Args:
            image: (H, W, 3) uint8 BGR.
            square: the input of the network; its border is repeated beyond that of the image.
            mirrored: the network sees the square mirrored. The vertices are those of the unmirrored
                image, but named from the other side: vertex 33 is then on the right.

        Returns:
            (478, 3): x, y and depth in image pixels; None if the network sees no face.
        """
        step = square.side / SIZE  # image pixels for a pixel of the square
        c, s = step * np.cos(square.angle), step * np.sin(square.angle)
        linear = np.array([[c, -s], [s, c]])  # pixels of the square -> image
        # (2,): the middle pixel of the square comes to lie on its centre.
        offset = square.centre - linear @ np.full(2, (SIZE - 1) / 2)
        crop = cv2.warpAffine(
            image,
            np.column_stack([linear, offset]),
            (SIZE, SIZE),
            # warpAffine takes INTER_AREA for INTER_LINEAR.
            flags=(cv2.INTER_AREA if step > 1.2 else cv2.INTER_CUBIC) | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_REPLICATE,
        )
        if mirrored:
            crop = crop[:, ::-1]  # a view; made contiguous below
        points = self._run(np.ascontiguousarray(crop[..., ::-1]))  # BGR -> RGB
        if points is None:
            return None
        if mirrored:
            # Places are those of the plain picture again; names stay those of the mirrored one.
            points[:, 0] = SIZE - 1 - points[:, 0]
        # (478, 3): pixels of the square -> image pixels.
        return np.column_stack([points[:, :2] @ linear.T + offset, points[:, 2] * step])

    def _run(self, rgb: Picture) -> Floats | None:
        """(320, 320, 3) -> (478, 3), pixels of the crop."""
        # The graph takes pictures in the order of their times only.
        self._time += 1
        self._packet = None  # nothing of the picture before may pass for this one's
        frame = self._make.create_image_frame(data=rgb, image_format=self._format)
        whole = self._make.create_proto(self._whole)
        self._graph.add_packet_to_input_stream("image", frame.at(self._time))
        self._graph.add_packet_to_input_stream("roi", whole.at(self._time))
        self._graph.wait_until_idle()  # `_keep` has run by then
        if self._packet is None or self._packet.is_empty():
            return None
        found = self._read.get_proto(self._packet).landmark
        # From shares of the square to its pixels; depth is in the unit of x.
        points = np.array([(p.x, p.y, p.z) for p in found]) * SIZE
        return points - [0.5, 0.5, 0.0]  # centres of pixels at whole numbers

    def settled(self, image: Picture, square: Square, rounds: int = 2) -> Square | None:
        """The square around the mesh that is seen in a first one, a few times over."""
        seen = None
        for _ in range(rounds):
            vertices = self.see(image, square)
            if vertices is None:
                break
            seen = square = square_of_vertices(vertices)
        return seen

    def views(
        self, image: Picture, square: Square, count: int, rng: np.random.Generator
    ) -> NDArray[np.float32]:
        """The face in several squares, every second one mirrored.

        Args:
            image: (H, W, 3) uint8 BGR.
            square: settled around the face.
            count: up to 8 views, `ZOOMS` in its order.
            rng: random numbers of the shifts and turns of the last views.

        Returns:
            (count, 478, 3), NaN if the network sees no face.
        """
        out = np.full((count, VERTICES, 3), np.nan, np.float32)
        for i, zoom in enumerate(ZOOMS[:count]):
            side = square.side / AROUND  # longer side of the mesh's box
            off, turn = np.zeros(2), 0.0
            if i >= STEADY:
                off = 0.04 * side * rng.standard_normal(2)
                turn = float(np.deg2rad(5 * rng.standard_normal()))
            view = Square(square.centre + off, zoom * side, square.angle + turn)
            vertices = self.see(image, view, mirrored=bool(i % 2))
            if vertices is not None:
                out[i] = vertices
        return out
