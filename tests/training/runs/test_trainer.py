"""A training run: its steps, its files, its end and its continuation."""

import dataclasses
import json
from pathlib import Path

import pytest
import torch
from torch.optim.swa_utils import AveragedModel

from tests.training.runs.small import SMALL
from training import train
from training.data import detected
from training.losses.heatmaps import marginals
from training.network.rcn import RCN, SLOPE
from training.recipes import checkpoint
from training.reports.pictures import draw_learning_curve
from training.runs import schedules
from training.runs import trainer as trainer_module
from training.runs.objective import loss_on_labels


def test_the_moving_average_forgets_the_start_at_once_and_is_as_long_as_asked_for_later():
    net = torch.nn.Linear(2, 2)
    average = AveragedModel(net, multi_avg_fn=schedules.moving_average(0.998))

    def step(value):
        torch.nn.init.constant_(net.weight, value)
        average.update_parameters(net)
        return average.module.weight.max().item()

    assert step(100.0) == 100.0
    after = [step(0.0) for _ in range(50)]
    assert after == sorted(after, reverse=True)
    assert after[-1] < 1e-3  # 0.998 alone would leave 90
    average.n_averaged.fill_(10_000)
    assert step(1.0) == pytest.approx(after[-1] + 0.002 * (1 - after[-1]))


def test_steps_are_taken_with_denormals_flushed_and_what_follows_is_not(
    faces, tmp_path, monkeypatch
):
    tiny = torch.full((8,), torch.finfo(torch.float32).tiny)
    halves = []

    class Watched(trainer_module.Objective):
        def losses(self, *arguments):
            halves.append((tiny / 2).max().item())
            return super().losses(*arguments)

    monkeypatch.setattr(trainer_module, "Objective", Watched)
    trainer_module.Trainer(dataclasses.replace(SMALL, epochs=1), *faces, tmp_path).run()
    assert halves
    assert not any(halves)
    assert (tiny / 2).min() > 0


def test_training_learns_and_writes_its_files(faces, tmp_path, monkeypatch):
    monkeypatch.setattr(trainer_module, "draw_learning_curve", draw_learning_curve)
    recipe = dataclasses.replace(SMALL, epochs=12, evaluate_every=4, dropout=0.0)
    trainer = trainer_module.Trainer(recipe, *faces, tmp_path)
    best = trainer.run()
    rows = [json.loads(line) for line in (tmp_path / "history.jsonl").read_text().splitlines()]
    assert [row["epoch"] for row in rows] == list(range(1, 13))
    assert rows[-1]["loss"] < 0.7 * rows[0]["loss"]
    evaluated = [row["val_nmse"] for row in rows if "val_nmse" in row]
    assert best == min(evaluated)
    assert (tmp_path / "curve.png").read_bytes().startswith(b"\x89PNG")
    net, saved, facts = checkpoint.load_weights(tmp_path / "best.safetensors")
    assert saved == recipe
    assert facts["val_nmse"] == pytest.approx(best)
    # What was saved is what was evaluated.
    assert trainer.validation.nmse(net) == pytest.approx(best, rel=1e-5)


def test_a_run_that_was_stopped_goes_on_as_if_it_had_not_been(faces, tmp_path):
    whole = trainer_module.Trainer(SMALL, *faces, tmp_path / "whole")
    whole.run()

    stopped = trainer_module.Trainer(SMALL, *faces, tmp_path / "stopped")
    save, saves = stopped.save, []

    def stop_after_two() -> None:
        save()
        saves.append(stopped.epoch)
        if len(saves) == 2:
            raise KeyboardInterrupt

    stopped.save = stop_after_two
    with pytest.raises(KeyboardInterrupt):
        stopped.run()
    torch.manual_seed(123)  # another process has another state of the generator
    resumed = trainer_module.Trainer(SMALL, *faces, tmp_path / "stopped")
    assert resumed.epoch == 2
    resumed.run()

    ends = [checkpoint.load_state(tmp_path / name / "last.pt") for name in ("whole", "stopped")]
    for name, tensor in ends[0]["net"].items():
        torch.testing.assert_close(ends[1]["net"][name], tensor, rtol=1e-5, atol=1e-6)
    assert ends[1]["best"] == pytest.approx(ends[0]["best"], rel=1e-4)
    assert [row["epoch"] for row in ends[1]["history"]] == [1, 2, 3, 4]


def test_a_folder_of_another_recipe_is_refused(faces, tmp_path):
    recipe = dataclasses.replace(SMALL, epochs=1)
    trainer_module.Trainer(recipe, *faces, tmp_path).run()
    with pytest.raises(ValueError, match="belongs to another recipe"):
        trainer_module.Trainer(SMALL, *faces, tmp_path)


def test_a_loss_that_diverges_ends_the_run_with_advice(faces, tmp_path):
    trainer = trainer_module.Trainer(SMALL, *faces, tmp_path)
    with torch.no_grad():
        next(trainer.net.parameters()).fill_(float("nan"))
    with pytest.raises(FloatingPointError, match="lower rate"):
        trainer.run()


def test_rate_warms_up_and_falls():
    assert schedules.rate_at(0, SMALL) < 0.02
    assert schedules.rate_at(SMALL.warmup, SMALL) == pytest.approx(1)
    assert schedules.rate_at(SMALL.epochs, SMALL) == pytest.approx(0.01)
    constant = dataclasses.replace(SMALL, schedule="constant")
    assert schedules.rate_at(0, constant) == schedules.rate_at(99, constant) == 1


def test_the_slope_of_a_leaky_network_is_annealed_to_that_of_the_recipe(faces, tmp_path):
    recipe = dataclasses.replace(SMALL, slope=0.0, anneal=2, epochs=3)
    assert schedules.slope_at(0, recipe) == pytest.approx(SLOPE)
    assert schedules.slope_at(1, recipe) == pytest.approx(SLOPE / 2)
    assert schedules.slope_at(2, recipe) == schedules.slope_at(3, recipe) == 0
    assert schedules.slope_at(0, SMALL) == SMALL.slope
    trainer = trainer_module.Trainer(recipe, *faces, tmp_path)
    slopes = []
    forward = trainer.net.forward
    trainer.net.forward = lambda x: (slopes.append(trainer.net.slope), forward(x))[1]
    trainer.run()
    assert slopes[0] == pytest.approx(SLOPE)
    assert slopes[-1] == 0
    assert slopes == sorted(slopes, reverse=True)
    assert trainer.averaged.module.slope == 0  # what is evaluated, all along
    with pytest.raises(ValueError, match="anneal in float32 first"):
        dataclasses.replace(recipe, precision="int8", dropout=0.0)


@pytest.mark.parametrize("loss", ["laplace_kl", "gaussian_kl", "softargmax"])
def test_each_loss_gives_a_gradient_in_every_layer(loss):
    torch.manual_seed(0)
    recipe = dataclasses.replace(SMALL, loss=loss)
    net = RCN("1/16", stride=recipe.stride)
    maps = net(torch.randn(2, 3, 80, 80))
    target = torch.full((2, 68, 2), 30.0)
    loss_on_labels(maps, marginals(maps), target, recipe)["loss"].backward()
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in net.parameters())


@pytest.mark.parametrize("settings", [{"loss": "wasserstein"}, {"wasserstein": 0.5}])
def test_wasserstein_loss_learns(settings, faces, tmp_path):
    recipe = dataclasses.replace(SMALL, epochs=6, evaluate_every=6, dropout=0.0, **settings)
    trainer_module.Trainer(recipe, *faces, tmp_path).run()
    rows = [json.loads(line) for line in (tmp_path / "history.jsonl").read_text().splitlines()]
    assert rows[-1]["loss"] < 0.8 * rows[0]["loss"]


def test_command_line(folder, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(detected, "CACHE", tmp_path / "cache")
    out = tmp_path / "run"
    settings = ["--set", "width=1/16", "--set", "epochs=1", "--set", "batch=4"]
    train.main(["--data", str(folder), "--out", str(out), *settings])
    printed = capsys.readouterr().out
    assert "9 training faces, 3 validation faces" in printed
    assert (out / "best.safetensors").exists()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (["--set", "epoch=1"], "no setting 'epoch'"),
        (["--data", "/nowhere"], "nowhere"),
        (["--val", "/nowhere.txt"], "nowhere.txt"),
    ],
)
def test_wrong_arguments_end_with_one_line(folder, tmp_path, change, message):
    with pytest.raises(SystemExit, match=message):
        train.main(["--data", str(folder), "--out", str(tmp_path), *change])


def test_files_that_are_no_checkpoints_are_refused(tmp_path):
    path = tmp_path / "x.safetensors"
    with pytest.raises(FileNotFoundError, match="no such checkpoint"):
        checkpoint.load_weights(path)
    path.write_bytes(b"not one")
    with pytest.raises(ValueError, match="not a safetensors file"):
        checkpoint.load_weights(path)
    from safetensors.torch import save_file

    save_file({"a": torch.zeros(1)}, path)
    with pytest.raises(ValueError, match="not a checkpoint"):
        checkpoint.load_weights(path)


def test_weights_that_do_not_fit_their_recipe_are_refused(tmp_path):
    path = tmp_path / "x.safetensors"
    checkpoint.save_weights(path, RCN("1/8").state_dict(), SMALL, {})  # SMALL is of width 1/16
    with pytest.raises(ValueError, match="do not fit its recipe"):
        checkpoint.load_weights(path)


def test_a_run_records_the_folders_and_lists_of_its_command(faces, tmp_path):
    given = {"folders": "photos more", "train": "train.txt", "val": "val.txt"}
    recipe = dataclasses.replace(SMALL, epochs=1, evaluate_every=1)
    trainer_module.Trainer(recipe, *faces, tmp_path, arguments=given).run()
    _, _, facts = checkpoint.load_weights(tmp_path / "best.safetensors")
    assert {name: facts[name] for name in given} == given


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_full_disk_is_said_and_the_earlier_state_stays(tmp_path):
    state = {"weights": torch.zeros(1000), "epoch": 1}
    with pytest.raises(OSError, match="No space left on device"):
        checkpoint.save_state(Path("/dev/full"), state)
    checkpoint.save_state(tmp_path / "last.pt", state)
    assert checkpoint.load_state(tmp_path / "last.pt")["epoch"] == 1
