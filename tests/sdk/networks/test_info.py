"""Metadata of models, right and wrong."""

import json

import pytest

from lapland import AFLW19, IBUG68
from lapland.networks import index, loading
from lapland.schemes.definition import scheme_to_json
from tests.altered import changed, refusal

EXPORT = "python -m export.rcn"


@pytest.mark.parametrize("name", index.shipped())
def test_what_a_shipped_model_says_of_itself(name):
    path = index.path(name)
    info = loading.describe(path)
    assert info.name == name
    entry = next(entry for entry in index.entries() if entry.name == name)
    assert index.path_of(info.width, info.precision, entry.weights) == info.path == path
    assert info.bytes == path.stat().st_size
    assert info.scheme is IBUG68
    assert info.size == 80
    assert len(repr(info)) < 600  # without scheme, recipe and calibration
    assert 1 < info.crop_factor < 5
    assert ("research" in info.licence) == (entry.weights == "300w")
    assert {"recipe", "commit"} <= set(info.training)
    # every parameter is stored once, and little else: the graph, and a calibration
    numbers = {"float32": 4, "int8": 1}[info.precision] * info.parameters
    assert numbers < info.bytes < 1.03 * numbers + 45_000


@pytest.mark.parametrize(
    ("metadata", "words"),
    [
        ({"lapland.schema": None}, ["schema '1'", "found none"]),
        ({"lapland.schema": "2"}, ["schema '1'", "found '2'"]),
        *(
            ({f"lapland.{key}": None}, [f"lapland.{key}", EXPORT])
            for key in [
                "name",
                "width",
                "parameters",
                "scheme",
                "size",
                "crop_factor",
                "crop_upright",
                "nmse",
                "licence",
                "training",
            ]
        ),
        ({"lapland.parameters": "many"}, ["many", EXPORT]),
        ({"lapland.scheme": "cofw29"}, ["cofw29", EXPORT]),
        ({"lapland.size": "80.5"}, ["80.5", EXPORT]),
        ({"lapland.size": "64"}, ["crops", "64, 64, 3"]),
        ({"lapland.size": "0"}, ["out of range"]),
        ({"lapland.size": "1000000"}, ["out of range"]),
        ({"lapland.crop_factor": "nan"}, ["nan", "out of range"]),
        ({"lapland.crop_factor": "-3"}, ["out of range"]),
        ({"lapland.crop_factor": "inf"}, ["out of range"]),
        ({"lapland.crop_upright": "perhaps"}, ["perhaps"]),
        ({"lapland.nmse": "{"}, [EXPORT]),
        ({"lapland.nmse": "3.5"}, ["nmse", EXPORT]),
        ({"lapland.nmse": json.dumps({"common": None})}, [EXPORT]),
        ({"lapland.training": "[]"}, ["training", EXPORT]),
        (
            {"lapland.scheme_definition": scheme_to_json(AFLW19)},
            ["scheme_definition", "expected 'ibug68'", EXPORT],
        ),
    ],
    ids=lambda value: json.dumps(value)[9:] if isinstance(value, dict) else "",
)
def test_metadata_that_is_wrong(peaks, file, metadata, words):
    refusal(changed(peaks, file, metadata), *words)
