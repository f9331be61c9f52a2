import json
from pathlib import Path

import numpy as np
import pytest

from lapland.landmarks.decoders import DECODERS
from lapland.landmarks.network import LandmarkNetwork
from lapland.schemes.ibug68 import IBUG68
from tests.drawn_faces import write_folder
from training import evaluate
from training.data import detected
from training.data.readers import read_faces
from training.evaluation import conditions, figures, metrics, robustness
from training.evaluation.predictions import path_of_model


@pytest.fixture
def data(tmp_path, monkeypatch):
    monkeypatch.setattr(detected, "CACHE", tmp_path / "cache")
    first = write_folder(tmp_path / "first", 4)
    write_folder(tmp_path / "second", 4, seed=1)
    return first.parent


def test_several_models_on_several_folders(data, capsys):
    folders = [str(data / name) for name in ("first", "second")]
    out = data / "out"
    evaluate.main(
        ["rcn-1-16", "rcn-1-8", "--data", *folders, "--split", "val", "train", "--out", str(out)]
    )
    rows = json.loads((out / "figures.json").read_text())
    told = [(row["data"], row["split"], row["model"]) for row in rows]
    assert told == [
        (folder, split, model)
        for folder in ("first", "second")
        for split in ("train", "val")
        for model in ("rcn-1-16", "rcn-1-8")
    ]
    assert [row["faces"] for row in rows] == [3, 3, 1, 1] * 2
    assert (out / "robustness.png").stat().st_size > 1000
    lines = (out / "table.md").read_text().splitlines()
    assert "| first, train: 3 faces | rcn-1-16 | rcn-1-8 |" in lines
    assert any(line.startswith(f"| photos as they are | {rows[0]['nmse']:.2f}; ") for line in lines)
    text = capsys.readouterr().out
    assert text.count("rcn-1-16") == 4
    assert f"{rows[0]['nmse']:.3f}" in text
    # As one model on one folder is told.
    file = data / "second/splits/train.txt"
    one = figures.evaluate_file(path_of_model(Path("rcn-1-8")), data / "second", file)
    assert rows[5]["nmse"] == pytest.approx(one["mtcnn"]["nmse"])


def test_hard_cases_have_a_row_each(data, monkeypatch, capsys):
    monkeypatch.setattr(conditions, "CORRUPTIONS", {"blur": conditions.CORRUPTIONS["blur"][-1:]})
    file = data / "rows.json"
    split = str(data / "first/splits/val.txt")
    folder = str(data / "first")
    given = ["--split", split, "--corrupt", "--perturb", "--json", str(file)]
    evaluate.main(["rcn-1-16", "--data", folder, *given])
    rows = json.loads(file.read_text())
    assert [row["kind"] for row in rows] == [
        *(conditions.CLEAN, "blur"),
        *(["shifted points"] * 3),
        *(["shifted boxes"] * 3),
    ]
    assert "blur of sigma 0.15 d" in capsys.readouterr().out


def test_what_cannot_be_is_said(data):
    with pytest.raises(SystemExit, match=r"expected a split file, or one named .*none\.txt"):
        evaluate.main(["rcn-1-8", "--data", str(data / "first"), "--split", "none"])
    with pytest.raises(SystemExit, match=r"no-model: expected an ONNX file, .* one of .*rcn-1-16"):
        evaluate.main(["no-model", "--data", str(data / "first")])


def test_failures_are_counted_by_landmark(data):
    errors = np.array([[1.0, 9.0, np.nan], [20.0, 2.0, 3.0]])
    assert metrics.landmark_failure_rate(errors, 8) == pytest.approx(40)
    assert metrics.landmark_failure_rate(errors, 10) == pytest.approx(20)
    assert robustness.split_files([data], None) == [(data, None)]


def test_decoders_are_set_side_by_side(data, capsys):
    folder, file = str(data / "first"), data / "rows.json"
    decoders = [*DECODERS]
    given = ["--data", folder, "--split", "train", "--decoder", *decoders, "--json", str(file)]
    evaluate.main(["rcn-1-16", *given])
    rows = json.loads(file.read_text())
    assert [row["decoder"] for row in rows] == decoders
    assert "\nrcn-1-16, barycenter " in capsys.readouterr().out
    assert len({row["nmse"] for row in rows}) == len(DECODERS)
    # A checkpoint is decoded as the file that was exported from it.
    weights = "models/rcn-1-16/weights.safetensors"
    evaluate.main([weights, *given])
    for row, other in zip(rows, json.loads(file.read_text()), strict=True):
        assert other["nmse"] == pytest.approx(row["nmse"], abs=1e-3)


def test_several_looks_are_averaged(data):
    folder, file = str(data / "first"), data / "rows.json"
    given = ["--data", folder, "--split", "train", "--json", str(file)]

    def nmse(model, *more):
        evaluate.main([model, *given, *more])
        return json.loads(file.read_text())["mtcnn"]["nmse"]

    twice = nmse("rcn-1-16", "--looks", "2")
    assert twice != pytest.approx(nmse("rcn-1-16"), abs=1e-2)
    weights = "models/rcn-1-16/weights.safetensors"
    assert nmse(weights, "--looks", "2") == pytest.approx(twice, abs=1e-3)
    evaluate.main(["rcn-1-16", "rcn-1-8", *given, "--looks", "2"])
    assert json.loads(file.read_text())[0]["nmse"] == pytest.approx(twice, abs=1e-6)
    # A second crop, about what was found in the first, as the run time does it.
    faces = read_faces(data / "first", IBUG68, data / "first/splits/train.txt")
    located = LandmarkNetwork(path_of_model(Path("rcn-1-16")), looks=4)
    found = [
        located.locate(image, five[None]).landmarks[0]
        for image, five in zip(faces.images, faces.labelled, strict=True)
    ]
    expected = metrics.nmse(metrics.point_errors(np.stack(found), faces.landmarks, faces.sizes))
    evaluate.main(["rcn-1-16", *given, "--looks", "4"])
    assert json.loads(file.read_text())["labels"]["nmse"] == pytest.approx(expected, rel=1e-4)
    assert expected != pytest.approx(twice, abs=1e-2)
    with pytest.raises(SystemExit, match="expected one model"):
        evaluate.main(["rcn-1-16", *given, "--corrupt", "--looks", "4"])
