"""The index of the models: family of the weights by lineage, and defaults that stay."""

import json

import onnx
import pytest

from export.cards.data_terms import OPEN, OTHER, RESEARCH, data_of
from export.shipping import hashes, naming
from lapland.networks import index
from training.recipes.recipe import INT8, MOBILE, override


@pytest.fixture
def models(tmp_path, peaks):
    """A folder with a model of each lineage."""

    def put(name, **run):
        model = onnx.load(peaks)
        metadata = {p.key: p.value for p in model.metadata_props}
        metadata |= {"lapland.name": name, "lapland.training": json.dumps(run)}
        onnx.helper.set_model_props(model, metadata)
        (tmp_path / name).mkdir()
        onnx.save(model, tmp_path / name / "model.onnx")

    put("rcn-1-16", recipe={})
    put("rcn-1-8", data="300w", recipe={"family": "rcn"})
    put("mobile", data=RESEARCH.name, recipe={"family": "mobile"})
    put("open-mobile", data=OPEN.name, recipe={"family": "mobile"})
    put("mine", data="our 60 photos", licence="ours")
    return tmp_path


def rows_of(models):
    return {row["name"]: row for row in json.loads((models / "index.json").read_text())}


def test_families_follow_from_the_data(models):
    hashes.record(models)
    rows = rows_of(models)
    assert {name: row["weights"] for name, row in rows.items()} == {
        "open-mobile": "open",
        "rcn-1-16": "300w",
        "rcn-1-8": "300w",
        "mobile": "300w",
    }  # custom data are in neither
    assert next(iter(rows)) == "open-mobile"
    assert [rows[name]["network"] for name in ("open-mobile", "rcn-1-8")] == ["mobile", "rcn"]
    assert "mine/model.onnx" in (models / "SHA256SUMS").read_text()


def test_defaults_are_set_by_name_and_stay(models):
    hashes.record(models, {"photo": "rcn-1-8", "video": "rcn-1-16"})
    hashes.record(models)
    roles = {name: row["default"] for name, row in rows_of(models).items()}
    assert (roles["rcn-1-8"], roles["rcn-1-16"]) == ("photo", "video")
    hashes.record(models, {"photo": "open-mobile"})
    roles = {name: row["default"] for name, row in rows_of(models).items()}
    assert roles["open-mobile"] == roles["rcn-1-8"] == "photo"  # one for each family
    hashes.record(models, {"photo": "rcn-1-16", "video": "rcn-1-8"})
    roles = {name: row["default"] for name, row in rows_of(models).items()}
    assert (roles["open-mobile"], roles["rcn-1-16"], roles["rcn-1-8"]) == (
        "photo",
        "photo",
        "video",
    )
    hashes.record(models, {"photo": "rcn-1-8", "video": "rcn-1-8"})  # one model for both
    roles = {name: row["default"] for name, row in rows_of(models).items()}
    assert (roles["rcn-1-8"], roles["rcn-1-16"]) == ("photo", None)
    with pytest.raises(ValueError, match="not rcn-1-4"):
        hashes.record(models, {"photo": "rcn-1-4"})


def test_index_of_the_repository_is_that_of_its_files(tmp_path):
    before = (hashes.MODELS / "index.json").read_bytes()
    listed = {entry.name: entry for entry in index.listed()}
    for name, entry in listed.items():
        assert entry.path.parent == hashes.MODELS / name
        assert name.startswith("open-") == (entry.weights == "open")
    hashes.record()
    assert (hashes.MODELS / "index.json").read_bytes() == before


def test_names_say_the_family():
    small = override(INT8, ["width=1/2", "stride=2", "slope=0"])
    assert naming.name_of(small, "open") == "open-1-2-lite-int8"
    assert naming.name_of(small, "300w") == naming.name_of(small) == "rcn-1-2-lite-int8"
    assert naming.name_of(MOBILE, "open") == "open-mobile"
    assert naming.name_of(MOBILE, "300w") == "mobile"


def test_known_data_have_their_terms():
    assert data_of({}).weights == data_of({"data": "research"}).weights == "300w"
    assert data_of({"data": "open"}) is data_of({"data": OPEN.name}) is OPEN
    assert OPEN.licence == "Apache-2.0"
    assert "research use only" in RESEARCH.licence
    assert data_of({"data": "own"}) is OTHER
    assert data_of({"data": "our 60 photos", "licence": "ours"}).weights is None
