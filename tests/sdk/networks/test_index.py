"""The choice among shipped models: two families of weights, in one package or in two."""

import json
import shutil

import pytest

from lapland import Detector, ModelError, ModelNotFoundError, OptionError, Tracker
from lapland.cli.main import main
from lapland.networks import folders, index, loading

# name, family, width, precision, default
ROWS = [
    ("open-1-2-lite", "open", "1/2-lite", "float32", None),
    ("open-1-2-lite-int8", "open", "1/2-lite", "int8", "photo"),
    ("open-mobile", "open", "mobile", "float32", "video"),
    ("rcn-1-8", "300w", "1/8", "float32", None),
    ("rcn-1-2-lite-int8", "300w", "1/2-lite", "int8", "photo"),
    ("rcn-1-4-lite-int8", "300w", "1/4-lite", "int8", "video"),
]


def write(models, rows, shipped=ROWS):
    """A folder of models with an index of `rows` and the files of `shipped`."""
    real = folders.folder()
    for detector in ("blazeface", "mtcnn", "onestage"):
        shutil.copytree(real / detector, models / detector)
    shutil.copy(real / "SHA256SUMS", models)
    keys = ("name", "weights", "width", "precision", "default")
    entries = [
        dict(zip(keys, row, strict=True))
        | {"network": "rcn", "scheme": "ibug68", "file": f"{row[0]}/model.onnx"}
        for row in rows
    ]
    (models / "index.json").write_text(json.dumps(entries))
    for name, *_ in shipped:
        put(models, name)


def put(models, name):
    """A model's file; models that are not shipped get bytes that nobody reads."""
    (models / name).mkdir(parents=True)
    try:
        shutil.copy(index.path(name), models / name / "model.onnx")
    except ModelNotFoundError:
        (models / name / "model.onnx").write_bytes(b"")


@pytest.fixture
def second(tmp_path):
    """The folder of a package of the models of 300-W, not installed yet, whatever else is."""
    package = tmp_path / "site" / "lapland_300w_here"
    for name, family, *_ in ROWS:
        if family == "300w":
            put(package / "models", name)
    (package / "__init__.py").write_text("raise RuntimeError('imported')\n")
    return package


@pytest.fixture
def split(tmp_path, second, monkeypatch):
    """lapland with its open models alone; the index knows those of the other package."""
    models = tmp_path / "models"
    write(models, ROWS, [row for row in ROWS if row[1] == "open"])
    monkeypatch.setattr(folders, "folder", lambda: models)
    monkeypatch.setattr(folders, "RESEARCH_PACKAGE", second.name)
    return models


@pytest.fixture
def installed(split, second, monkeypatch):
    """The same with the other package beside it."""
    monkeypatch.syspath_prepend(second.parent)
    return split


def named(*form):
    return index.path_of(*form).parent.name


def test_the_family_whose_model_is_marked_is_the_default(installed):
    assert index.default_family() == "open"
    assert named("1/2-lite") == "open-1-2-lite-int8"
    assert named("1/2-lite", "float32") == "open-1-2-lite"
    assert named("mobile") == "open-mobile"  # there is no int8 form
    assert named("1/2-lite", None, "300w") == "rcn-1-2-lite-int8"
    assert index.widths() == ["1/2-lite", "mobile"]
    assert index.widths("int8") == ["1/2-lite"]
    assert index.widths(weights="300w") == ["1/8", "1/2-lite", "1/4-lite"]


def test_open_models_that_are_not_marked_are_taken_by_name(tmp_path, monkeypatch):
    rows = [(*row[:4], None) if row[1] == "open" else row for row in ROWS]
    write(tmp_path / "models", rows)
    monkeypatch.setattr(folders, "folder", lambda: tmp_path / "models")
    assert index.default_family() == "300w"
    assert named("1/2-lite") == "rcn-1-2-lite-int8"
    assert named("1/2-lite", None, "open") == "open-1-2-lite-int8"
    with pytest.raises(OptionError, match=r"weights='open' \(Apache-2.0\) has it$"):
        index.path_of("mobile")


def test_each_family_has_its_defaults(installed):
    assert index.form_of("photo", None, None, None) == ("1/2-lite", "int8")
    assert index.form_of("video", None, None, None) == ("mobile", "float32")
    assert index.form_of("video", None, None, "300w") == ("1/4-lite", "int8")
    assert index.form_of("video", None, "int8", None) == ("mobile", "int8")
    assert index.form_of("photo", "1/8", None, "300w") == ("1/8", None)


def test_a_width_of_the_other_family_is_named_with_its_terms(split):
    with pytest.raises(OptionError) as caught:
        Detector("1/8")
    assert str(caught.value) == (
        "width must be one of '1/2-lite', 'mobile' of the weights 'open', not '1/8'; "
        "weights='300w' (research use only) has it, after pip install lapland-300w, or "
        "pip install ./300w in a clone of the repository"
    )
    with pytest.raises(OptionError, match=r"of the weights 'open', not '1/3'$"):
        Detector("1/3")


@pytest.mark.parametrize(
    "ask",
    [
        lambda: Detector(weights="300w"),
        lambda: Detector("1/8", weights="300w"),
        lambda: Tracker(weights="300w"),
    ],
)
def test_without_its_package_the_other_family_says_how_to_get_it(split, ask):
    with pytest.raises(
        ModelNotFoundError, match=r"research use only.* pip install lapland-300w, or pip"
    ):
        ask()


def test_the_command_says_how_to_get_it(split, photo, capsys):
    assert main(["predict", str(photo), "--weights", "300w", "--json"]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert "pip install lapland-300w" in err
    (split / "open-mobile" / "model.onnx").unlink()  # its bytes are no model
    (split / "open-1-2-lite" / "model.onnx").unlink()
    (split / "open-1-2-lite-int8" / "model.onnx").unlink()
    assert main(["models"]) == 0
    assert "-: not installed: pip install lapland-300w" in capsys.readouterr().out


def test_the_package_is_found_and_not_imported(installed, second, image):
    assert index.path_of("1/8", None, "300w") == second / "models" / "rcn-1-8" / "model.onnx"
    detector = Detector(weights="300w", threads=1)
    assert detector.model.path == second / "models" / "rcn-1-2-lite-int8" / "model.onnx"
    assert len(detector.predict(image)) == 1


def test_a_changed_file_of_the_package_is_refused(installed, second):
    file = second / "models" / "rcn-1-8" / "model.onnx"
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(data)
    with pytest.raises(ModelError, match=r"SHA-256 .* lapland and lapland-300w anew"):
        Detector("1/8", weights="300w")


@pytest.mark.parametrize("weights", ["300-W", "", 300, ["open"]])
def test_unknown_families(weights):
    with pytest.raises(OptionError, match="weights must be one of 'open', '300w', not"):
        Detector(weights=weights)


def test_a_tracker_has_the_weights_of_its_detector():
    with pytest.raises(OptionError, match="expected no detector beside it"):
        Tracker(Detector("1/4-lite", weights="300w", threads=1), weights="300w")


def test_a_damaged_index_is_named(split):
    (split / "index.json").write_text("[{}]")
    with pytest.raises(ModelError, match=r"index\.json: is damaged"):
        Detector()


def test_shipped_models():
    names = [entry.name for entry in index.entries() if entry.weights == "300w"]
    assert "rcn-1-8" in names
    widths = [loading.describe(index.path(name)).width for name in names]
    narrowest_first = ["1/16", "1/8", "1/4", "1/2", "1", "1/4-lite", "1/2-lite"]
    assert [w for w in dict.fromkeys(widths) if w in narrowest_first] == narrowest_first


@pytest.mark.parametrize("width", ["1/3", "", "rcn-1-8", 0.125, 8, ["1/8"]])
def test_unknown_widths(width):
    with pytest.raises(OptionError, match=r"width must be one of .*'1/8'") as caught:
        Detector(width, weights="300w")
    assert repr(width) in str(caught.value)
