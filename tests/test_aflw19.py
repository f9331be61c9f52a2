"""Another scheme than 68 points, on the whole road: train, evaluate, export, predict, draw."""

import dataclasses
import json

import numpy as np
import pytest
import torch

from export.shipping import exporting
from lapland import AFLW19, Detector, draw
from tests.drawn_faces import write_folder, write_list
from training import evaluate, train
from training.data import detected
from training.data.readers import read_faces
from training.data.unlabelled import WIDE
from training.network.rcn import RCN, parameter_count
from training.recipes.checkpoint import load_weights, save_weights
from training.recipes.recipe import PRODUCT, override
from training.runs import trainer

pytestmark = pytest.mark.usefixtures("short_exports")

SETTINGS = ("scheme=aflw19", "width=1/16", "epochs=2", "batch=4", "evaluate_every=1")
POINTS_68 = dataclasses.replace(PRODUCT, width="1/16")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return write_list(tmp_path_factory.mktemp("data") / "aflw", 12)


@pytest.fixture(scope="module")
def run(folder, tmp_path_factory):
    """The folder of a run of two epochs."""
    out = tmp_path_factory.mktemp("run")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(detected, "CACHE", out / "cache")
        options = [part for setting in SETTINGS for part in ("--set", setting)]
        train.main(["--data", str(folder), "--out", str(out), *options])
    return out


@pytest.fixture(autouse=True)
def _own_cache(tmp_path, monkeypatch):
    monkeypatch.setattr(detected, "CACHE", tmp_path / "cache")


def test_training(run):
    net, recipe, facts = load_weights(run / "best.safetensors")
    assert recipe == override(PRODUCT, list(SETTINGS))
    assert net.landmarks == 19
    assert facts["training_faces"] == 9
    assert np.isfinite(facts["val_nmse"])
    rows = [json.loads(line) for line in (run / "history.jsonl").read_text().splitlines()]
    assert len(rows) == 2
    assert all(np.isfinite(value) for row in rows for value in row.values())


@pytest.fixture(scope="module")
def exported(run, folder, photo):
    out = run / "rcn-1-16-aflw19"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(detected, "CACHE", run / "cache")
        exporting.export(run / "best.safetensors", out, folder, photo)
    return out


def test_evaluation_of_checkpoint_and_file(run, exported, folder, tmp_path, capsys):
    split = ["--split", str(folder / "splits/val.txt")]
    figures = []
    for model in (run / "best.safetensors", exported / "model.onnx"):
        out = tmp_path / model.stem
        evaluate.main([str(model), "--data", str(folder), *split, "--out", str(out)])
        figures.append(json.loads((out / "figures.json").read_text()))
        assert (out / "faces.jpg").stat().st_size > 1000
        assert (out / "errors.png").stat().st_size > 1000
    assert "chin" in capsys.readouterr().out
    checkpoint, file = figures
    assert checkpoint["mtcnn"]["nmse"] == pytest.approx(
        load_weights(run / "best.safetensors")[2]["val_nmse"], rel=1e-4
    )
    assert file["labels"]["nmse"] == pytest.approx(checkpoint["labels"]["nmse"], rel=1e-4)
    assert set(AFLW19.groups) == {k[5:] for k in file["mtcnn"] if k.startswith("nmse_")}


def test_exported_model_in_the_detector(exported, photo):
    detector = Detector(model=exported / "model.onnx", threads=1)
    info = detector.model
    assert info.scheme is AFLW19
    assert info.name == "rcn-1-16-aflw19"
    assert info.parameters == parameter_count("1/16", 19)
    assert set(info.nmse) == {"val"}
    assert "300-W" not in info.licence
    faces = detector.predict(photo)
    assert faces.landmarks.shape == (1, 19, 2)
    assert faces.scales.shape == (1, 19)
    assert faces.scheme is AFLW19
    drawn = draw(photo, faces, boxes=True)
    assert drawn.shape == (512, 512, 3)
    assert faces.to_dict()["scheme"] == "aflw19"


def test_card_does_not_speak_of_data_that_it_was_not_trained_on(exported):
    card = (exported / "README.md").read_text()
    assert "19 facial landmarks (AFLW scheme)" in card
    assert "square root of the area of the face's box" in card
    assert "| brows | eyes | nose | mouth | chin |" in card
    assert "--set scheme=aflw19" in card
    assert "To fill in" in card
    for word in ("300-W", "300w", "HELEN", "common", "(N, 68"):
        assert word not in card


def test_an_adversary_needs_every_landmark(folder, tmp_path):
    faces = read_faces(folder, AFLW19, folder / "splits/train.txt")
    recipe = dataclasses.replace(override(PRODUCT, list(SETTINGS)), adversary=1e-3)
    crops = np.zeros((2, WIDE, WIDE, 3), np.uint8)
    with pytest.raises(ValueError, match="4 of 9 training faces miss some; set adversary=0"):
        trainer.Trainer(recipe, faces, faces, tmp_path, unlabelled=crops)


def test_a_teacher_of_another_scheme_is_refused(folder, tmp_path):
    faces = read_faces(folder, AFLW19, folder / "splits/val.txt")
    teacher = tmp_path / "teacher.safetensors"
    save_weights(teacher, RCN("1/16").state_dict(), POINTS_68, {})
    recipe = dataclasses.replace(override(PRODUCT, list(SETTINGS)), distillation=1.0)
    with pytest.raises(ValueError, match="finds the landmarks of ibug68"):
        trainer.Trainer(recipe, faces, faces, tmp_path / "run", teacher=teacher)


def test_photos_of_another_scheme_are_refused_by_name(tmp_path):
    root = write_folder(tmp_path / "faces", 4)
    options = ["--set", "scheme=aflw19", "--out", str(tmp_path / "run")]
    with pytest.raises(SystemExit, match=r"face_0\.pts: 68 points, but the scheme aflw19 has 19"):
        train.main(["--data", str(root), *options])


def test_weights_that_do_not_fit_their_recipe_are_refused(tmp_path):
    path = tmp_path / "a.safetensors"
    torch.manual_seed(0)
    save_weights(path, RCN("1/16", 19).state_dict(), POINTS_68, {})
    with pytest.raises(ValueError, match="19 landmarks, but its recipe is for ibug68"):
        load_weights(path)
