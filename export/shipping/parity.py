"""Holds the ONNX graph's landmarks to those of torch."""

from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
import torch
from torch import nn

from export.graph.families import GRAPHS
from lapland.crop import square
from lapland.detection.registry import load_detector
from lapland.image.loading import load_image
from training.common.paths import REPOSITORY
from training.data.augment import Augmentation, jitter
from training.evaluation.decoding import predict
from training.network.rcn import SIZE
from training.recipes.recipe import Recipe

# Crop pixels, of landmarks and scales from torch's: the largest in float32, the mean in int8. There
# a sum that lies between two steps is rounded to either, and the layers behind make more of it.
TOLERANCE = {"float32": 0.01, "int8": 0.2}
PHOTO = REPOSITORY / "examples" / "astronaut.png"


def build_graph(net: nn.Module, recipe: Recipe, metadata: dict[str, str]) -> onnx.ModelProto:
    """The graph contract: uint8 crops in, landmarks, scales and heatmaps out."""
    return GRAPHS[recipe.family].build(net, recipe.beta, metadata)


def difference(
    model: onnx.ModelProto, net: nn.Module, recipe: Recipe, crops: torch.Tensor
) -> float:
    """How far landmarks and scales are from torch's, crop pixels; see `TOLERANCE`."""
    session = ort.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    found = session.run(["landmarks", "scales"], {"crops": crops.numpy()})
    summary = np.max if recipe.precision == "float32" else np.mean
    return max(
        float(summary(np.abs(here - there.numpy())))
        for here, there in zip(found, predict(net, crops, recipe.beta), strict=True)
    )


def crops_of_photo(photo: Path, recipe: Recipe, count: int = 64) -> torch.Tensor:
    """(count, 80, 80, 3) uint8: jittered crops of the first face of a photo."""
    image = load_image(photo)
    _, _, points = load_detector("mtcnn").detect(image)
    if not len(points):
        raise ValueError(f"{photo}: expected a photo of a face, MTCNN finds none")
    rng = np.random.default_rng(0)
    matrix = recipe.crop.matrices(points[:1].astype(np.float64))[0]
    how = Augmentation(rotation=15.0, zoom=0.15, shift=0.05, flip=0.5)
    crops = [square.cut(image, jitter(matrix, SIZE, how, rng)[0], SIZE) for _ in range(count)]
    return torch.from_numpy(np.stack(crops))
