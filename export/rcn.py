"""Checkpoint -> ONNX graph: `python -m export.rcn runs/NAME/best.safetensors`.

Writes `models/rcn-<width>/` (`rcn-<width>-<scheme>/` for other schemes than ibug68) with
`model.onnx`, `weights.safetensors`, `README.md` (the card) and its picture. Given the
`weights.safetensors` of a model, it writes the same `model.onnx` and a new card.
The graph takes uint8 crops and gives landmarks and scales in crop pixels, everything between
included. It is written only if onnxruntime's landmarks equal torch's within 0.01 px on real crops.
"""

import argparse
import json
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime as ort
import torch
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from export import hashes
from export.card import data_of, shown_split, write_card
from export.limits import measure
from export.limits_picture import NAME, draw_limits
from lapland import _geometry as geometry
from lapland._image import load_image
from lapland._models import SCHEMA, load_mtcnn
from lapland._mtcnn import Mtcnn
from lapland._scheme import IBUG68, SCHEMES
from training import five_points
from training.augment import Augmentation, jitter
from training.checkpoint import load_weights, save_weights
from training.data import cut_all
from training.evaluate import evaluate_file
from training.files import REPOSITORY, write_whole
from training.rcn import RCN, SIZE, SLOPE
from training.readers import read_faces
from training.recipes import Recipe
from training.validation import predict

TOLERANCE = 0.01  # crop pixels, the largest difference of a landmark from torch's
OPSET, IR = 17, 9  # onnxruntime 1.19 and later read these
PHOTO = REPOSITORY / "examples" / "astronaut.png"


class GraphBuilder:
    """Nodes and constants of one ONNX graph, in the order in which they are added."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []

    def constant(self, name: str, value: NDArray[Any]) -> str:
        """Adds a constant; returns its name."""
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def node(self, kind: str, inputs: list[str], output: str, **attributes: Any) -> str:
        """Adds a node with one output; returns the output's name."""
        self.nodes.append(helper.make_node(kind, inputs, [output], name=output, **attributes))
        return output


def build_graph(net: RCN, recipe: Recipe, metadata: dict[str, str]) -> onnx.ModelProto:
    """The graph contract: uint8 crops in, landmarks, scales and heatmaps out."""
    g = GraphBuilder()
    state = {name: tensor.detach().double().numpy() for name, tensor in net.state_dict().items()}

    def conv(x: str, layer: str, output: str, scale: float = 1.0, **attributes: Any) -> str:
        weight = g.constant(f"{layer}.weight", (scale * state[f"{layer}.weight"]).astype("f4"))
        bias = g.constant(f"{layer}.bias", (scale * state[f"{layer}.bias"]).astype("f4"))
        return g.node("Conv", [x, weight, bias], output, **attributes)

    def act(x: str) -> str:
        return g.node("LeakyRelu", [x], f"{x}.act", alpha=SLOPE)

    # uint8 (N, 80, 80, 3) -> float (N, 3, 80, 80) in [-1, 1]
    x = g.node("Cast", ["crops"], "float", to=TensorProto.FLOAT)
    x = g.node("Transpose", [x], "planes", perm=[0, 3, 1, 2])
    x = g.node("Mul", [x, g.constant("unit", np.float32(1 / 127.5))], "scaled")
    x = g.node("Sub", [x, g.constant("one", np.float32(1))], "normalised")
    skips = []
    for i in range(4):
        x = act(conv(x, f"encoder.{i}", f"encoder{i}", pads=[1] * 4))
        x = g.node("MaxPool", [x], f"skip{i}", kernel_shape=[2, 2], strides=[2, 2])
        skips.append(x)
    for i in range(2):
        x = act(conv(x, f"bottleneck.{i}", f"bottleneck{i}", pads=[1] * 4))
    zeros = g.constant("one_pixel", np.array([0, 0, 1, 1, 0, 0, 1, 1], np.int64))
    double = g.constant("double", np.array([1, 1, 2, 2], np.float32))
    for i in range(4):
        x = act(conv(x, f"decoder.{i}", f"decoder{i}"))
        x = g.node("Concat", [x, skips.pop()], f"joined{i}", axis=1)
        x = g.node("Pad", [x, zeros], f"padded{i}")
        x = g.node(
            "Resize",
            [x, "", double],
            f"doubled{i}",
            mode="linear",
            coordinate_transformation_mode="half_pixel",
        )
        x = act(conv(x, f"up.{i}.conv", f"up{i}"))
    x = act(conv(x, "head.0", "head0"))
    x = act(conv(x, "head.1", "head1"))
    # beta of the softmax goes into the last layer, which is linear
    x = conv(x, "head.2", "heatmaps", scale=recipe.beta)
    _decode(g, x, net.landmarks)

    value = helper.make_tensor_value_info
    k = net.landmarks
    graph = helper.make_graph(
        g.nodes,
        f"rcn_{recipe.width.replace('/', '_')}",
        [value("crops", TensorProto.UINT8, ["N", SIZE, SIZE, 3])],
        [
            value("landmarks", TensorProto.FLOAT, ["N", k, 2]),
            value("scales", TensorProto.FLOAT, ["N", k]),
            value("heatmaps", TensorProto.FLOAT, ["N", k, SIZE, SIZE]),
        ],
        g.constants,
    )
    model = helper.make_model(
        graph,
        opset_imports=[helper.make_opsetid("", OPSET)],
        ir_version=IR,
        producer_name="lapland",
    )
    helper.set_model_props(model, metadata)
    onnx.checker.check_model(model, full_check=True)
    return model


def _decode(g: GraphBuilder, heatmaps: str, landmarks: int) -> None:
    """Softmax over each map, then location and scale from its row and column sums."""
    flat = g.constant("flat", np.array([0, landmarks, SIZE * SIZE], np.int64))
    square = g.constant("square", np.array([0, landmarks, SIZE, SIZE], np.int64))
    p = g.node("Reshape", [heatmaps, flat], "logits")
    p = g.node("Softmax", [p], "softmax", axis=2)
    p = g.node("Reshape", [p, square], "probabilities")
    grid = np.arange(SIZE, dtype=np.float32)
    g.constant("grid", grid)
    g.constant("grid_column", grid[:, None])
    last = g.constant("last_axis", np.array([-1], np.int64))
    locations, deviations = [], []
    for axis, reduced in (("x", 2), ("y", 3)):
        m = g.node(
            "ReduceSum",
            [p, g.constant(f"{axis}.over", np.array([reduced], np.int64))],
            f"{axis}.marginal",
            keepdims=0,
        )  # (N, K, 80)
        s = g.node("MatMul", [m, "grid_column"], f"{axis}.location")  # (N, K, 1)
        d = g.node("Abs", [g.node("Sub", ["grid", s], f"{axis}.offset")], f"{axis}.distance")
        d = g.node("Mul", [m, d], f"{axis}.weighted")
        b = g.node("ReduceSum", [d, last], f"{axis}.scale", keepdims=1)
        locations.append(s)
        deviations.append(b)
    g.node("Concat", locations, "landmarks", axis=2)
    b = g.node("Concat", deviations, "scale_xy", axis=2)
    g.node("ReduceMean", [b], "scales", axes=[2], keepdims=0)


def largest_difference(model: onnx.ModelProto, net: RCN, beta: float, crops: torch.Tensor) -> float:
    """Largest distance of a landmark or scale from torch's, crop pixels."""
    session = ort.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    landmarks, scales = session.run(["landmarks", "scales"], {"crops": crops.numpy()})
    expected, expected_scales = predict(net, crops, beta)
    return max(
        float(np.abs(landmarks - expected.numpy()).max()),
        float(np.abs(scales - expected_scales.numpy()).max()),
    )


def metadata_of(
    net: RCN, recipe: Recipe, facts: dict[str, Any], nmse: dict[str, float]
) -> dict[str, str]:
    """What the runtime and a reader need to know, as the file carries it."""
    return {
        "lapland.schema": SCHEMA,
        "lapland.name": name_of(recipe.width, recipe.scheme),
        "lapland.width": recipe.width,
        "lapland.parameters": str(sum(p.numel() for p in net.parameters())),
        "lapland.scheme": recipe.scheme,
        "lapland.size": str(SIZE),
        "lapland.crop_factor": repr(recipe.crop.factor),
        "lapland.crop_upright": json.dumps(recipe.crop.upright),
        "lapland.nmse": json.dumps(nmse),
        "lapland.licence": data_of(facts).licence,
        "lapland.training": json.dumps({"recipe": json.loads(recipe.to_json()), **facts}),
    }


def name_of(width: str, scheme: str = IBUG68.name) -> str:
    """`1/8` -> `rcn-1-8`; of another scheme than ibug68 `rcn-1-8-aflw19`."""
    return "rcn-" + width.replace("/", "-") + (f"-{scheme}" if scheme != IBUG68.name else "")


def figures_on(data: Path, model: Path) -> dict[str, Any]:
    """Evaluates the file on the splits of a folder that it was not trained on: {split: report}."""
    files = sorted((data / "splits").glob("*.txt"))
    splits = {file.stem: file for file in files if file.stem != "train"} or {"all": None}
    return {name: evaluate_file(model, data, file) for name, file in splits.items()}


def crops_of_photo(photo: Path, recipe: Recipe, count: int = 64) -> torch.Tensor:
    """(count, 80, 80, 3) uint8: jittered crops of the first face of a photo."""
    image = load_image(photo)
    _, _, points = Mtcnn(*load_mtcnn()).detect(image)
    if not len(points):
        raise ValueError(f"{photo}: expected a photo of a face, MTCNN finds none")
    rng = np.random.default_rng(0)
    matrix = recipe.crop.matrices(points[:1].astype(np.float64))[0]
    how = Augmentation(rotation=15.0, zoom=0.15, shift=0.05, flip=0.5)
    crops = [geometry.cut(image, jitter(matrix, SIZE, how, rng)[0], SIZE) for _ in range(count)]
    return torch.from_numpy(np.stack(crops))


def export(checkpoint: Path, out: Path, data: Path | None, photo: Path) -> dict[str, Any]:
    """Writes `model.onnx`, `weights.safetensors` and the card with its picture into `out`.

    Args:
        checkpoint: `best.safetensors` of a training run.
        out: folder of the model; made if need be.
        data: folder of photos whose splits other than `train` the file is evaluated on;
            None leaves the figures out.
        photo: of a face; torch and onnxruntime are compared on crops of it, and on those of
            `data/splits/val.txt` where there is one.

    Returns:
        What the card says.

    Raises:
        ValueError: onnxruntime's landmarks differ from torch's by more than `TOLERANCE`; nothing
            is written then.
    """
    net, recipe, facts = load_weights(checkpoint)
    crops = [crops_of_photo(photo, recipe)]
    if data is not None and (data / "splits" / "val.txt").exists():
        faces = read_faces(data, SCHEMES[recipe.scheme], data / "splits" / "val.txt")
        crops.append(cut_all(faces, recipe.crop.matrices(five_points.detect(faces).five_points)))
    model = build_graph(net, recipe, metadata_of(net, recipe, facts, {}))
    sample = torch.cat(crops)
    difference = largest_difference(model, net, recipe.beta, sample)
    if not difference <= TOLERANCE:
        raise ValueError(
            f"onnxruntime's landmarks differ from torch's by {difference:.4f} px, more than "
            f"{TOLERANCE}; nothing was written"
        )
    out.mkdir(parents=True, exist_ok=True)
    figures: dict[str, Any] = {}
    limits: dict[str, Any] | None = None
    if data is not None:
        with tempfile.TemporaryDirectory() as folder:
            plain = Path(folder) / "model.onnx"
            plain.write_bytes(model.SerializeToString())
            figures = figures_on(data, plain)
            limits = measure(plain, data, shown_split(figures, facts))
        nmse = {name: round(report["mtcnn"]["nmse"], 3) for name, report in figures.items()}
        helper.set_model_props(model, metadata_of(net, recipe, facts, nmse))
    write_whole(out / "model.onnx", lambda part: part.write_bytes(model.SerializeToString()))
    if checkpoint.resolve() != (out / "weights.safetensors").resolve():
        # Written anew, the same weights and facts may be other bytes.
        weights = {name: tensor.clone() for name, tensor in net.state_dict().items()}
        save_weights(out / "weights.safetensors", weights, recipe, facts)
    card = {
        "parity_px": difference,
        "parity_crops": len(sample),
        "figures": figures,
        "limits": limits,
        "recipe": recipe,
        "facts": facts | {"parameters": sum(p.numel() for p in net.parameters())},
    }
    if out.resolve().parent == hashes.MODELS:
        hashes.record()
    card["drawn"] = draw_limits(out / "model.onnx", out / NAME)
    write_card(out, card)
    return card


def main(arguments: list[str] | None = None) -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m export.rcn", description=__doc__)
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("--out", type=Path, help="default: models/rcn-<width>[-<scheme>]")
    parser.add_argument("--data", type=Path, help="folder of the photos, for the card's figures")
    parser.add_argument("--photo", type=Path, default=PHOTO, help="of a face, for the comparison")
    options = parser.parse_args(arguments)
    try:
        recipe = load_weights(options.checkpoint)[1]
        out = options.out or REPOSITORY / "models" / name_of(recipe.width, recipe.scheme)
        card = export(options.checkpoint, out, options.data, options.photo)
    except (ValueError, OSError) as error:
        raise SystemExit(f"export.rcn: {error}") from None
    print(
        f"{out}: largest difference from torch {card['parity_px']:.6f} px "
        f"on {card['parity_crops']} crops"
    )
    for name, report in card["figures"].items():
        print(
            f"NMSE on {name}: {report['mtcnn']['nmse']:.3f} %, "
            f"{report['labels']['nmse']:.3f} % from the labels' crops"
        )


if __name__ == "__main__":
    main()
