"""All steps from a photo to landmarks and radii as one ONNX graph."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import onnx
from onnx import TensorProto, helper

from export.graph.builder import CONTRIB, IR, OPSET
from export.stages.agreement import Checker, checked
from export.stages.certainty import radii_and_confidence
from export.stages.detection import Found, detect
from export.stages.locating import Located, locate
from export.stages.picture import Picture
from export.stages.values import Graph, Value, onnx_type
from lapland.detection.registry import DEFAULT_DETECTOR
from lapland.landmarks.agreement import ROUNDS, SURE
from lapland.networks.info import ModelInfo

PROBABILITIES = (0.5, 0.9)  # of the radii
SIDES = (48, 4096)  # pixels, least and largest of a photo
MOST_FACES = 1000


@dataclass(frozen=True)
class Photo:
    """The parts of the graph.

    Attributes:
        width: pixels.
        height: pixels.
        rgb: whether its channels are red, green, blue instead of blue, green, red.
        min_face: side of the smallest face to look for, pixels.
        faces: how many faces at most, the largest.
        rounds: how often a face found the wrong way up may be placed anew; 3 at most, as in
            `Detector.predict`. Each makes the file larger and slower to load, and one is enough for
            nearly all.

    Raises:
        ValueError: a number is out of range.
    """

    width: int = 640
    height: int = 480
    rgb: bool = False
    min_face: int = 40
    faces: int = 32
    rounds: int = 1

    def __post_init__(self) -> None:
        low, high = SIDES
        sides = self.width, self.height
        if not all(low <= side <= high for side in sides):
            raise ValueError(
                f"size: expected sides of {low} to {high} pixels, as 640x480, "
                f"not {self.width}x{self.height}"
            )
        if not 12 <= self.min_face <= min(sides):
            raise ValueError(
                f"min_face: expected 12 to {min(sides)} pixels, the shorter side of the photo, "
                f"not {self.min_face}; for smaller faces enlarge the photo"
            )
        if not 1 <= self.faces <= MOST_FACES:
            raise ValueError(f"faces: expected 1 to {MOST_FACES}, not {self.faces}")
        if not 0 <= self.rounds <= ROUNDS:
            raise ValueError(f"rounds: expected 0 to {ROUNDS}, not {self.rounds}")


def build(
    photo: Photo,
    model: onnx.ModelProto,
    info: ModelInfo,
    nets: Mapping[str, onnx.ModelProto],
) -> onnx.ModelProto:
    """The graph, checked.

    Args:
        photo: its input.
        model: a landmark model.
        info: its metadata.
        nets: blazeface, onestage and onet.

    Raises:
        ValueError: the model is not calibrated, or takes crops of an unusual size.
    """
    if info.calibration is None:
        raise ValueError(
            f"{info.name}: expected a calibrated model, for radii and confidence; "
            "`python -m export.rcn` calibrates a model"
        )
    if info.size % 80:  # else resolutions of the texture would not halve evenly
        raise ValueError(f"{info.name}: expected crops of 80 pixels, not {info.size}")
    g = Graph()
    image = Value(g, "image", np.uint8)
    shown = Picture(image, photo.height, photo.width, photo.rgb)
    found = detect(g, nets, shown, photo.min_face, photo.faces)
    rounds = photo.rounds
    boxes, *results, kept = _located(g, shown, found, model, info, nets["onet"], rounds)
    k = info.scheme.size
    shapes: dict[str, list[str | int]] = {
        "boxes": ["N", 4],
        "scores": ["N"],
        "five_points": ["N", 5, 2],
        "landmarks": ["N", k, 2],
        "scales": ["N", k],
        "radii_50": ["N", k],
        "radii_90": ["N", k],
        "confidence": ["N"],
        "count": [],
    }
    values = [value.take(kept) for value in (boxes, found.scores, *results)]
    values.append(values[0].count().cast(np.int32).reshape())
    infos = []
    for (name, dimensions), value in zip(shapes.items(), values, strict=True):
        g.rename(value, name)
        infos.append(helper.make_tensor_value_info(name, onnx_type(value.dtype), dimensions))
    source = helper.make_tensor_value_info(
        "image", TensorProto.UINT8, [photo.height, photo.width, 3]
    )
    body = helper.make_graph(g.nodes, "photo", [source], infos, g.constants)
    opsets = [helper.make_opsetid("", OPSET), helper.make_opsetid(CONTRIB, 1)]
    whole = helper.make_model(body, opset_imports=opsets, ir_version=IR, producer_name="lapland")
    helper.set_model_props(whole, _metadata(photo, model, nets))
    onnx.checker.check_model(whole, full_check=True)
    return whole


def _located(
    g: Graph,
    photo: Picture,
    found: Found,
    model: onnx.ModelProto,
    info: ModelInfo,
    onet: onnx.ModelProto,
    rounds: int,
) -> list[Value]:
    """Boxes, five points, landmarks, scales, two radii, confidence, and which are faces, N bools.

    Computed only if there are some faces: the int8 networks refuse to run on none.
    """
    assert info.calibration is not None
    inner = Graph("faces/", g)

    def anew(graph: Graph, five_points: Value) -> Located:
        return locate(graph, photo, model, info, five_points)[0]

    first, places = locate(inner, photo, model, info, inner.within(found.five_points))
    checker = Checker(photo, onet, anew, info)
    agreed = checked(inner, checker, rounds, inner.within(found.boxes), first, places)
    five_points, landmarks, scales, *texture = agreed.located
    shape = photo.height, photo.width
    radii, confidence = radii_and_confidence(
        inner, info.calibration, landmarks, scales, texture, PROBABILITIES, shape
    )
    # Landmarks that no face confirms may stay if they say that they are unsure.
    stay = agreed.lost.apply("Not") | (confidence < SURE)
    kept = stay & agreed.twins.apply("Not")
    k = info.scheme.size
    none = np.zeros((0, k))
    results = [agreed.boxes, five_points, landmarks, scales, *radii, confidence, kept]
    empty = [np.zeros((0, 4)), *Located.none(k)[:3], none, none, np.zeros(0), np.zeros(0)]
    return g.branch(found.scores.count() > 0, inner, results, empty)


def _metadata(
    photo: Photo, model: onnx.ModelProto, nets: Mapping[str, onnx.ModelProto]
) -> dict[str, str]:
    """The metadata of the landmark model, but for the calibration, and the pipeline's own."""
    facts = {p.key: p.value for p in model.metadata_props if p.key != "lapland.calibration"}
    origins, licences = (
        {net: {p.key: p.value for p in made.metadata_props}[key] for net, made in nets.items()}
        for key in ("origin", "licence")
    )
    own = {
        "width": photo.width,
        "height": photo.height,
        "colour": "RGB" if photo.rgb else "BGR",
        "min_face": photo.min_face,
        "faces": photo.faces,
        "rounds": photo.rounds,
        "detector": DEFAULT_DETECTOR,
        "detector_origin": origins,
        "detector_licence": licences,
    }
    return facts | {"lapland.pipeline": json.dumps(own)}
