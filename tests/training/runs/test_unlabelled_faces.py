"""Training with unlabelled faces and with a teacher."""

import dataclasses
import json

import numpy as np
import pytest
import torch

from tests.training.runs.small import SMALL
from training.data.crops import CropSpec
from training.data.unlabelled import WIDE
from training.network.rcn import RCN
from training.recipes import checkpoint
from training.runs import trainer as trainer_module


def test_siamese_views_of_labelled_and_unlabelled_faces(faces, tmp_path):
    recipe = dataclasses.replace(SMALL, epochs=4, dropout=0.0, siamese=0.3)
    unlabelled = np.random.default_rng(0).integers(0, 256, (3, WIDE, WIDE, 3), dtype=np.uint8)
    alone = trainer_module.Trainer(
        dataclasses.replace(recipe, siamese=0.0), *faces, tmp_path / "alone"
    )
    trainer = trainer_module.Trainer(recipe, *faces, tmp_path / "views", unlabelled=unlabelled)
    # Two views of half of the faces: an epoch costs what it did.
    assert len(trainer.batches) == len(alone.batches)
    crops, target, between, _ = next(trainer.batches.of_epoch(0, 0))
    assert (len(crops), len(target), len(between)) == (8, 4, 4)
    trainer.run()
    rows = [
        json.loads(line) for line in (tmp_path / "views/history.jsonl").read_text().splitlines()
    ]
    assert rows[-1]["loss"] < rows[0]["loss"]
    assert all(row["disagreement"] > 0 for row in rows)


def test_siamese_views_need_an_even_batch(faces, tmp_path):
    recipe = dataclasses.replace(SMALL, batch=3, siamese=0.3)
    with pytest.raises(ValueError, match="batch must be even for each process, not 3"):
        trainer_module.Trainer(recipe, *faces, tmp_path)


@pytest.fixture(scope="module")
def unlabelled():
    return np.random.default_rng(0).integers(0, 256, (20, WIDE, WIDE, 3), dtype=np.uint8)


@pytest.fixture(scope="module")
def teacher(tmp_path_factory):
    """A network with peaked maps: what it says does not matter, that it says something does."""
    torch.manual_seed(5)
    net = RCN("1/16", stride=SMALL.stride)
    with torch.no_grad():
        net.head[2].weight.mul_(20)
    path = tmp_path_factory.mktemp("teacher") / "best.safetensors"
    checkpoint.save_weights(path, net.state_dict(), SMALL, {})
    return path


def test_semi_supervised_run_with_a_teacher_resumes_too(faces, unlabelled, teacher, tmp_path):
    recipe = dataclasses.replace(SMALL, stride=1, epochs=2, adversary=1e-3, distillation=0.5)

    train, validation = faces

    def trainer(name):
        return trainer_module.Trainer(
            recipe,
            train.every(2),  # one step in each epoch
            validation,
            tmp_path / name,
            unlabelled=unlabelled,
            teacher=teacher,
        )

    whole = trainer("whole")
    whole.run()
    assert {"distillation", "discriminator", "generator"} <= set(whole.history[-1])

    stopped = trainer("stopped")
    save = stopped.save

    def stop() -> None:
        save()
        raise KeyboardInterrupt

    stopped.save = stop
    with pytest.raises(KeyboardInterrupt):
        stopped.run()
    trainer("stopped").run()
    ends = [checkpoint.load_state(tmp_path / name / "last.pt") for name in ("whole", "stopped")]
    for part in ("net", "averaged"):
        for name, tensor in ends[0][part].items():
            torch.testing.assert_close(ends[1][part][name], tensor, rtol=1e-5, atol=1e-6)
    for name, tensor in ends[0]["objective"]["discriminator"].items():
        resumed = ends[1]["objective"]["discriminator"][name]
        torch.testing.assert_close(resumed, tensor, rtol=1e-4, atol=1e-5)


TAUGHT = dataclasses.replace(SMALL, epochs=12, evaluate_every=12, distillation=20.0, dropout=0.0)


def test_a_teacher_pulls_the_student_towards_its_maps(faces, teacher, tmp_path):
    run = trainer_module.Trainer(TAUGHT, *faces, tmp_path, teacher=teacher)
    run.run()
    first, last = (run.history[i]["distillation"] for i in (0, -1))
    assert last < 0.85 * first


@pytest.mark.parametrize(("student", "other"), [(1, 2), (2, 1)])
def test_teacher_and_student_may_differ_in_resolution(faces, tmp_path, student, other):
    known = dataclasses.replace(SMALL, stride=other)
    net = RCN(known.width, stride=other)
    with torch.no_grad():
        net.head[2].weight.mul_(20)  # maps with peaks
    path = tmp_path / "teacher.safetensors"
    checkpoint.save_weights(path, net.state_dict(), known, {})
    taught = dataclasses.replace(TAUGHT, stride=student)
    run = trainer_module.Trainer(taught, *faces, tmp_path / "run", teacher=path)
    run.run()
    first, last = (run.history[i]["distillation"] for i in (0, -1))
    assert 0 < last < 0.85 * first


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"adversary": 1e-3, "stride": 1}, "needs --unlabelled"),
        ({"distillation": 1.0}, "needs --teacher"),
    ],
)
def test_what_a_recipe_needs_is_asked_for(faces, tmp_path, changes, message):
    with pytest.raises(ValueError, match=message):
        trainer_module.Trainer(dataclasses.replace(SMALL, **changes), *faces, tmp_path)


def test_a_teacher_of_other_crops_is_refused(faces, teacher, tmp_path):
    recipe = dataclasses.replace(SMALL, distillation=1.0, crop=CropSpec(factor=2.0))
    with pytest.raises(ValueError, match="trained on other crops"):
        trainer_module.Trainer(recipe, *faces, tmp_path, teacher=teacher)


def test_unlabelled_faces_that_nothing_uses_are_refused(faces, unlabelled, tmp_path):
    with pytest.raises(ValueError, match="of use with an adversary, distillation or Siamese views"):
        trainer_module.Trainer(SMALL, *faces, tmp_path, unlabelled=unlabelled)
