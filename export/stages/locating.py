"""Five points of faces -> their landmarks, scales and textures."""

from typing import NamedTuple

import numpy as np
import onnx

from export.stages.certainty import textures
from export.stages.crops import Squares, cut, squares, to_image
from export.stages.networks import insert
from export.stages.picture import Picture
from export.stages.values import Graph, Value
from lapland.networks.info import ModelInfo


class Located(NamedTuple):
    """N faces in a graph, float32.

    Attributes:
        five_points: (N, 5, 2), those of the crops, image pixels.
        landmarks: (N, K, 2), image pixels.
        scales: (N, K), image pixels.
        texture: (N, 5), of the crop.
        around: (N, K), of each landmark.
    """

    five_points: Value
    landmarks: Value
    scales: Value
    texture: Value
    around: Value

    def take(self, places: Value) -> "Located":
        """Some of the faces."""
        return Located(*(value.take(places) for value in self))

    @staticmethod
    def none(k: int) -> list[np.ndarray[tuple[int, ...], np.dtype[np.float64]]]:
        """The arrays of no face with K landmarks."""
        return [np.zeros((0, *shape)) for shape in ((5, 2), (k, 2), (k,), (5,), (k,))]


def locate(
    g: Graph, photo: Picture, model: onnx.ModelProto, info: ModelInfo, five_points: Value
) -> tuple[Located, Squares]:
    """The landmarks of faces, and the squares of their crops.

    Args:
        g: the graph.
        photo: the photo.
        model: a landmark model.
        info: its metadata.
        five_points: (N, 5, 2), N > 0: the int8 networks refuse to run on no face at all.
    """
    size = info.size
    found = squares(g, five_points, size=size, factor=info.crop_factor, upright=info.crop_upright)
    crops = cut(g, photo.within(g), found, size)
    given = {"crops": crops.cast(np.uint8).transpose(0, 2, 3, 1)}
    in_crop, spread = insert(g, model, "landmarks", given, ["landmarks", "scales"])
    # In float32: onnxruntime 1.19 fuses a product with the transposition in the end of a network,
    # and has no such node for float64.
    landmarks = to_image(found, in_crop)
    scales = spread * found.steps.cast(np.float32)
    five_points = five_points.cast(np.float32)
    return Located(five_points, landmarks, scales, *textures(g, crops, in_crop, size)), found
