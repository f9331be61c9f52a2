import json
import time

import pytest

from lapland.landmarks.decoders import DECODERS
from tests.drawn_faces import write_folder
from training import ablation, rates
from training.data import detected


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(detected, "CACHE", tmp_path / "cache")
    folder = write_folder(tmp_path / "faces", 8)
    (folder / "splits/common.txt").write_text((folder / "splits/val.txt").read_text())
    return folder


def test_every_row_is_trained_alike_and_set_in_a_table(folder, tmp_path, capsys):
    out = tmp_path / "ablation"
    given = ["--data", str(folder), "--out", str(out), "--epochs", "1", "--width", "1/16"]
    given += ["--rows", "softargmax", "LaplaceKL+D", "--seeds", "0", "1"]
    ablation.main(given)
    printed = capsys.readouterr().out
    assert "LaplaceKL+D: left out" in printed  # no unlabelled folder was given
    table = (out / "table.md").read_text()
    rows = [line.split("|")[1:] for line in table.splitlines()[2:]]
    assert [row[0].strip() for row in rows] == ["softargmax"]
    assert "--set epochs=1 --set width=1/16 --set seed=0 --set loss=softargmax" in table
    assert (out / "ablation.png").stat().st_size > 5000
    runs = [json.loads((out / f"softargmax-{seed}/ablation.json").read_text()) for seed in (0, 1)]
    values = [run["val"] for run in runs]
    assert values[0] != values[1]
    half = abs(values[0] - values[1]) / 2
    assert rows[0][1].strip() == f"{sum(values) / 2:.2f} ± {half:.2f}"
    history = (out / "softargmax-0/history.jsonl").read_text().splitlines()
    assert json.loads(history[-1])["epoch"] == 1

    # Every run is tried on corrupted photos, with every decoder.
    tables = (out / "robustness.md").read_text()
    kinds = "blocks | parts covered | motion blur | blur | noise | low light | JPEG |"
    assert kinds in tables
    lines = [line for line in tables.splitlines() if line.startswith("| softargmax, ")]
    assert [line.split("|")[1].strip() for line in lines] == [
        f"softargmax, {decoder}" for decoder in DECODERS
    ]
    runs = [json.loads((out / f"softargmax-{seed}/robustness.json").read_text()) for seed in (0, 1)]
    first, other = (
        [row["nmse"] for row in run if row["decoder"] == "softargmax" and row["kind"] == "blocks"]
        for run in runs
    )
    assert len(first) == 3
    blocks = sum(first + other) / 6
    assert float(lines[0].split("|")[7]) == pytest.approx(blocks, abs=0.006)
    assert (out / "robustness.png").stat().st_size > 5000

    # Started again, it measures nothing that it knows.
    (out / "table.md").unlink()
    (out / "robustness.md").unlink()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ablation, "evaluate_file", None)
        patch.setattr(ablation.robustness, "compare", None)
        ablation.main(given)
    assert (out / "table.md").read_text() == table
    assert (out / "robustness.md").read_text() == tables


def test_names_of_folders():
    names = [ablation.slug(row) for row in ablation.ROWS]
    assert len(set(names)) == len(names)
    assert all(set(name) <= set("abcdefghijklmnopqrstuvwxyz0123456789-") for name in names)


def test_rates_are_stated_for_the_loader_and_every_width(folder, capsys):
    rates.main(["--data", str(folder), "--seconds", "0.01", "--batch", "1"])
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("loader, one process:")
    assert [line.split()[1].rstrip(":") for line in lines[1:]] == ["1/16", "1/8", "1/4", "1/2", "1"]


def test_rates_are_those_of_a_recipe(folder, capsys, monkeypatch):
    found = []

    def network_rate(recipe, crops, target, seconds):
        found.append((recipe, len(crops), network_rate_of(recipe, crops, target, seconds)))
        return found[-1][-1]

    network_rate_of = rates.network_rate
    monkeypatch.setattr(rates, "network_rate", network_rate)
    given = ["--data", str(folder), "--seconds", "0.01", "--batch", "1", "--widths", "1/16"]
    rates.main([*given, "--recipe", "paper", "--set", "adversary=0.001"])
    ((recipe, faces, rate),) = found
    assert (recipe.name, recipe.width, recipe.adversary, faces) == ("paper", "1/16", 0.001, 1)
    assert rate.clock > 0
    assert capsys.readouterr().out.splitlines()[1] == f"width 1/16: {rate}, trained"
    with pytest.raises(SystemExit, match=r"training\.rates: a recipe with distillation needs"):
        rates.main([*given, "--set", "distillation=1"])
    with pytest.raises(SystemExit, match="no setting 'colour'"):
        rates.main([*given, "--set", "colour=1"])


def test_the_rate_of_a_core_does_not_count_what_it_waits_for():
    waiting = rates.rate(lambda: time.sleep(0.02), 1, 0.1)
    assert waiting.cores > 2 * waiting.clock
