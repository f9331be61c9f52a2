"""Model files: those that are shipped, and every way in which another may be wrong."""

import numpy as np
import onnxruntime
import pytest

from lapland import Detector, ModelError, ModelNotFoundError
from lapland.networks import folders, index, loading
from tests.altered import changed, refusal

EXPORT = "python -m export.rcn"


# --- shipped models


def test_the_cascade_is_there():
    parts = loading.load_mtcnn()
    assert [len(part) > 10_000 for part in parts] == [True] * 3


# --- the test model is one that is accepted


def test_a_model_of_ones_own(peaks):
    info = Detector(model=peaks, threads=1).model
    assert (info.name, info.width, info.size, info.crop_factor) == ("peaks", "1/16", 80, 3.0)
    assert info.path == peaks
    assert info.crop_upright is True
    assert Detector(model=str(peaks), threads=1).model == info


# --- files


def test_missing_files(tmp_path):
    error = refusal(tmp_path / "none.onnx", "no such model file", error=ModelNotFoundError)
    assert isinstance(error, FileNotFoundError)
    refusal(tmp_path, "no such model file", error=ModelNotFoundError)
    refusal(tmp_path / "none" / "none.onnx", error=ModelNotFoundError)


@pytest.mark.parametrize("data", [b"", b"\0" * 64, b"not a model", bytes(range(256)) * 40])
def test_files_that_are_no_model(file, data):
    file.write_bytes(data)
    refusal(file, "damaged or not an ONNX graph")


def test_an_image_is_no_model(photo):
    refusal(photo, "damaged")


@pytest.mark.parametrize("name", index.shipped())
def test_truncated_shipped_models(file, name):
    data = index.path(name).read_bytes()
    for part in (0.001, 0.1, 0.5, 0.9, 0.999):
        file.write_bytes(data[: int(part * len(data))])
        refusal(file)


def test_a_file_that_ends_anywhere_is_refused(peaks, file):
    data = peaks.read_bytes()
    for size in range(0, len(data), 29):
        file.write_bytes(data[:size])
        refusal(file)


def test_a_damaged_header_is_refused(peaks, file):
    data = bytearray(peaks.read_bytes())
    data[0] ^= 0xFF
    file.write_bytes(data)
    refusal(file, "damaged")


def test_no_damage_of_one_byte_gives_another_error(peaks, file, capfd):
    """It is refused, or it hits a weight or a name and is loaded; nothing is printed."""
    data = peaks.read_bytes()
    rng = np.random.default_rng(0)
    loaded = refused = 0
    for at in rng.integers(len(data), size=150):
        damaged = bytearray(data)
        damaged[at] ^= rng.integers(1, 256)
        file.write_bytes(damaged)
        try:
            loading.load(file, threads=1)
            loaded += 1
        except ModelError as error:
            assert str(file) in str(error)  # noqa: PT017
            refused += 1
    assert loaded > 10
    assert refused > 10
    version = tuple(int(part) for part in onnxruntime.__version__.split(".")[:2])
    if version >= (1, 23):  # older ones print before they raise, and cannot be told not to
        assert capfd.readouterr() == ("", "")


def test_a_damaged_weight_is_not_seen(peaks, file):
    data = peaks.read_bytes()
    grid = np.arange(80, dtype=np.float32).tobytes()
    at = data.index(grid) + 40
    file.write_bytes(data[:at] + b"\0" + data[at + 1 :])
    loading.load(file, threads=1)


# --- graphs that are not ours


@pytest.mark.parametrize("part", ["pnet", "rnet", "onet"])
def test_other_networks(part):
    path = folders.folder() / "mtcnn" / f"{part}.onnx"
    refusal(path, "schema '1'", "found none", EXPORT)


def set_type(value):
    def change(graph):
        graph.input[0].type.tensor_type.elem_type = value

    return change


def fix_batch(graph):
    for tensor in (*graph.input, *graph.output):
        tensor.type.tensor_type.shape.dim[0].dim_value = 1


def rename_input(graph):
    graph.input[0].name = graph.node[0].input[0] = "pictures"


def drop_scales(graph):
    del graph.output[1]


def add_input(graph):
    graph.input.add().CopyFrom(graph.input[0])
    graph.input[1].name = "mask"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (set_type(1), ["'crops'", "tensor(uint8)", "tensor(float)"]),
        (fix_batch, ["'crops'", "(N, 80, 80, 3)"]),
        (rename_input, ["'crops'", "pictures"]),
        (drop_scales, ["'scales'", "landmarks"]),
        (add_input, ["'crops'", "mask"]),
    ],
)
def test_graphs_that_break_the_contract(peaks, file, change, words):
    refusal(changed(peaks, file, change=change), *words)


@pytest.mark.parametrize("name", ["open-mobile-int8", "open-1-16"])
def test_a_description_is_that_of_the_loaded_model(name):
    described, (_, loaded) = loading.describe(index.path(name)), loading.load(index.path(name))
    assert vars(described).keys() == vars(loaded).keys()
    for key, value in vars(loaded).items():
        if key == "calibration":
            assert described.calibration.to_json() == value.to_json()
        else:
            assert getattr(described, key) == value, key
