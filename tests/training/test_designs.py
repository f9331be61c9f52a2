import json

import pytest

from tests.drawn_faces import write_folder
from training import designs
from training.data import detected
from training.network.designs import DESIGNS
from training.network.mobile_layers import multiplications


def test_each_design_is_trained_once_and_its_figures_are_written(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(detected, "CACHE", tmp_path / "cache")
    data, out = write_folder(tmp_path / "faces", 8), tmp_path / "runs"
    command = ["--data", str(data), "--out", str(out), "--passes", "1", "--designs", "small-half"]
    designs.main(command)
    figures = json.loads((out / "small-half" / "figures.json").read_text())
    assert figures["multiplications"] == multiplications(DESIGNS["small-half"])
    assert figures["passes"] == 1
    first = capsys.readouterr().out.splitlines()[-1]
    assert first == f"small-half: {figures['val_nmse']:.2f} % on val"
    designs.main(command)  # goes on where it stopped: at the end
    assert capsys.readouterr().out.splitlines()[-1] == first
    lines = (out / "small-half" / "history.jsonl").read_text().splitlines()
    assert len(lines) == 1


def test_unknown_designs_are_errors(tmp_path, capsys):
    with pytest.raises(SystemExit):
        designs.main(["--data", str(tmp_path), "--out", str(tmp_path), "--designs", "giant"])
    assert "invalid choice: 'giant'" in capsys.readouterr().err
