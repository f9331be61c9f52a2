"""A model by its name, its predictions on crops, and their errors."""

import hashlib
import io
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import onnxruntime as ort
import torch
from numpy.typing import NDArray

from lapland.base.files import write_whole
from lapland.crop import square
from lapland.landmarks.decoders import DEFAULT_DECODER
from lapland.landmarks.mirroring import averaged, check_pairs, with_mirror_images
from lapland.landmarks.network import LandmarkNetwork
from lapland.networks import folders, index
from lapland.schemes.five_points import five_of
from lapland.schemes.registry import SCHEMES
from lapland.schemes.scheme import Scheme
from training.common.paths import CACHE as CACHE_ROOT
from training.data.crops import CropSpec, cut_all
from training.data.faces import AnnotatedFaces
from training.evaluation import metrics
from training.evaluation.decoding import decoded
from training.network.rcn import SIZE
from training.recipes.checkpoint import load_weights

CACHE = CACHE_ROOT / "predictions"

Prediction = tuple[NDArray[np.floating], NDArray[np.floating]]  # landmarks and scales
Predictor = Callable[[NDArray[np.uint8]], Prediction]


def path_of_model(named: Path) -> Path:
    """The file that a name stands for.

    Args:
        named: a checkpoint or an ONNX file; a folder that holds `model.onnx` or
            `best.safetensors`; or the name of a shipped model, `rcn-1-8`.

    Raises:
        ValueError: there is no such file.
    """
    shipped = folders.folder() / named
    # A file of the user comes before a shipped model of the same name.
    for folder in (named, shipped):
        for file in (folder, folder / "model.onnx", folder / "best.safetensors"):
            if file.is_file():
                return file
    raise ValueError(
        f"{named}: expected an ONNX file, a checkpoint, a folder with `model.onnx` or "
        f"`best.safetensors`, or one of {', '.join(index.shipped())}"
    )


def open_network(
    path: Path, decoder: str = DEFAULT_DECODER, *, mirrored: bool = False
) -> tuple[Predictor, CropSpec, Scheme]:
    """A checkpoint or an ONNX file: crops -> landmarks and scales, how it crops, its scheme.

    Landmarks and scales are in crop pixels, read from the heatmaps by a decoder of `lapland`.
    """
    run, spec, scheme = open_decoders(path, (decoder,), mirrored=mirrored)
    return lambda crops: run(crops)[decoder], spec, scheme


def open_decoders(
    path: Path, decoders: Sequence[str], *, mirrored: bool = False
) -> tuple[Callable[[NDArray[np.uint8]], dict[str, Prediction]], CropSpec, Scheme]:
    """`open_network` for several decoders: crops -> the landmarks of each.

    With `mirrored`, means of what is found in the crops and in their mirror images.
    """
    if path.suffix == ".onnx":
        # A session for each, as the SDK's network has one decoder.
        looks = 2 if mirrored else 1
        networks = {d: LandmarkNetwork(path, decoder=d, looks=looks) for d in decoders}
        info = next(iter(networks.values())).info  # the same file, so the same facts
        spec = CropSpec(info.crop_factor, info.crop_upright)
        return lambda crops: {d: n.run(crops) for d, n in networks.items()}, spec, info.scheme
    net, recipe, _ = load_weights(path)
    scheme = SCHEMES[recipe.scheme]
    if mirrored:
        check_pairs(scheme)

    def run(crops: NDArray[np.uint8]) -> dict[str, Prediction]:
        seen = torch.from_numpy(with_mirror_images(crops) if mirrored else crops)
        # The maps were trained with the recipe's beta.
        landmarks, scales = decoded(net, seen, recipe.beta, decoders)
        found = {decoder: (part.numpy(), scales.numpy()) for decoder, part in landmarks.items()}
        if not mirrored:
            return found
        return {decoder: averaged(part, scheme, SIZE) for decoder, part in found.items()}

    return run, recipe.crop, scheme


def cached(run: Predictor, model: Path) -> Predictor:
    """`run` of an ONNX file with a cache: predictions on the same crops stay in `CACHE`.

    The key is the graph without its metadata, the crops and the version of onnxruntime. So a
    calibration or measurement that runs again takes seconds instead of up to half an hour.
    """
    import onnx

    graph = onnx.load(model)
    # A calibration is written into the metadata, and predictions do not depend on it.
    del graph.metadata_props[:]
    # Deterministic: the bytes of one graph are the same in every run.
    network = hashlib.sha256(graph.SerializeToString(deterministic=True))
    network.update(ort.__version__.encode())  # another version may compute otherwise
    folder = CACHE / network.hexdigest()[:20]

    def known(crops: NDArray[np.uint8]) -> Prediction:
        # The crops are the key: commands that make the same crops share the file.
        file = folder / f"{hashlib.sha256(crops.tobytes()).hexdigest()[:20]}.npz"
        if file.exists():
            with np.load(file) as found:
                return found["landmarks"], found["scales"]
        landmarks, scales = run(crops)
        whole = io.BytesIO()
        np.savez(whole, landmarks=landmarks, scales=scales)
        folder.mkdir(parents=True, exist_ok=True)
        write_whole(file, whole.getvalue())
        return landmarks, scales

    return known


def landmark_errors(
    run: Predictor,
    spec: CropSpec,
    faces: AnnotatedFaces,
    five: NDArray[np.float64],
    again: Scheme | None = None,
) -> dict[str, NDArray[np.float64]]:
    """Errors (N, K) in percent, landmarks (N, K, 2) and scales (N, K) in image pixels.

    Errors of landmarks that are not visible are NaN. Given a scheme as `again`, a second crop lies
    about the landmarks that were found in the first, and both are averaged.
    """
    matrices = spec.matrices(five)  # (N, 2, 3)
    landmarks, scales = run(cut_all(faces, matrices).numpy())
    if again is not None:
        others = spec.matrices(five_of(again, square.to_image(landmarks, matrices)))
        found, spread = run(cut_all(faces, others).numpy())
        # In pixels of the first crop.
        found = square.to_crop(square.to_image(found, others), matrices)
        spread = spread * (square.steps(others) / square.steps(matrices))[:, None]
        landmarks, scales = (landmarks + found) / 2, (scales + spread) / 2
    return errors_of((landmarks, scales), matrices, faces)


def errors_of(
    found: Prediction, matrices: NDArray[np.float64], faces: AnnotatedFaces
) -> dict[str, NDArray[np.float64]]:
    """`landmark_errors` of predictions on crops.

    The matrices, (N, 2, 3), take crop pixels to image pixels.
    """
    landmarks, scales = found
    # Errors are those in the photo: a crop that fits worse has larger pixels.
    points = square.to_image(landmarks.astype(np.float64), matrices)
    errors = metrics.point_errors(points, faces.landmarks, faces.sizes)
    return {
        "errors": errors,
        "landmarks": points,
        "scales": scales * square.steps(matrices)[:, None],  # crop pixels -> image pixels
        "map_scales": scales.astype(np.float64),
    }
