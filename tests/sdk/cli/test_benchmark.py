"""`lapland benchmark`, with few rounds; nothing here depends on how fast the machine is."""

import json
import sys

import cv2
import numpy as np
import pytest

from lapland.cli.main import main
from lapland.measure import benchmark, table, timer
from lapland.networks import index, loading


@pytest.fixture
def short(monkeypatch):
    """Fewer rounds than any figure should come from."""
    monkeypatch.setattr(timer, "LEAST", 2)
    monkeypatch.setattr(benchmark, "_MOMENT", 0.0)


def test_models_of_ones_own_beside_shipped_ones(short, tmp_path, peaks, capsys):
    pytest.importorskip("matplotlib")
    out, plot = tmp_path / "figures.json", tmp_path / "plot.png"
    arguments = [
        peaks,
        "--width",
        "1/16",
        "--weights",
        "300w",
        "--threads",
        1,
        2,
        "--batch",
        3,
        "--size",
        "160x128",
    ]
    arguments += ["--seconds", 0.001, "--json", out, "--plot", plot]
    assert main(["benchmark", *map(str, arguments)]) == 0
    printed = capsys.readouterr().out
    report = json.loads(out.read_text(encoding="utf-8"))
    rows = report["models"]
    assert [(row["name"], row["threads"]) for row in rows] == [
        (name, threads) for threads in (1, 2) for name in ("rcn-1-16", "rcn-1-16-int8", "peaks")
    ]
    assert report["settings"]["size"] == [160, 128]
    for row in rows:
        info = loading.describe(index.path(row["name"]) if row["shipped"] else peaks)
        assert (row["parameters"], row["bytes"]) == (info.parameters, info.bytes)
        assert row["nmse"] == info.nmse
        for stage, things in (("landmarks", 3), ("predict", 1)):
            times = row[stage]
            assert 0 < times["median"] <= times["p95"]
            assert times["calls"] >= 10
            assert times["fps"] == pytest.approx(things * 1000 / times["median"])
    assert printed == table.text(report) + "\n"  # the file holds all that is shown
    assert "1/16 int8" in printed
    assert "peaks.onnx" in printed
    assert "landmarks, batch of 3" in printed
    assert "2 threads" in printed
    assert max(map(len, printed.splitlines())) <= 80
    assert cv2.imread(str(plot)).shape[0] > 300


def test_a_photo_of_ones_own(short, tmp_path, image, capsys):
    photo = tmp_path / "two.png"
    face = image[10:234, 120:344]
    cv2.imwrite(str(photo), np.hstack([face, face]))
    arguments = [
        "--width",
        "1/16",
        "--weights",
        "300w",
        "--precision",
        "int8",
        "--seconds",
        "0.001",
    ]
    assert main(["benchmark", *arguments, "--photo", str(photo)]) == 0
    assert "predict, 448x224, 2 faces" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--size", "640"], "--size must be WIDTHxHEIGHT"),
        (["--size", "64x64"], "from 128x128"),
        (["--size", "640x99999"], "not 640x99999"),
        (["--size", "640x480", "--photo", "a.png"], "no --photo beside it"),
        (["--threads", "1", "0"], "--threads must be from 1"),
        (["--batch", "-1"], "--batch must be from 1"),
        (["--seconds", "nan"], "--seconds must be above 0"),
        (["--width", "1/3", "--weights", "300w"], "width must be one of '1/16'"),
        (["--json", "figures.txt"], "ends in .json"),
        (["--json", "nowhere/figures.json"], "in a folder that exists"),
        (["--plot", "plot.jpg"], "ends in .png"),
        (["--min-face", "5"], "min_face"),
    ],
)
def test_bad_options_are_told_in_a_line_before_anything_is_timed(capsys, arguments, words):
    assert main(["benchmark", *arguments]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert words in err
    assert len(err.splitlines()) == 1


def test_what_cannot_be_measured_is_told(tmp_path, capsys, peaks):
    grey = tmp_path / "grey.png"
    cv2.imwrite(str(grey), np.full((200, 200, 3), 99, np.uint8))
    foreign = tmp_path / "foreign.onnx"
    foreign.write_bytes(b"none")
    for arguments, words in (
        (["--photo", str(grey)], "expected a face to measure on"),
        (["--photo", str(tmp_path / "none.png")], "none.png"),
        ([str(foreign)], "foreign.onnx"),
        ([str(tmp_path / "nowhere.onnx")], "there is no such model file"),
    ):
        assert main(["benchmark", *arguments]) == 1
        out, err = capsys.readouterr()
        assert (out, words in err, len(err.splitlines())) == ("", True, 1)
    if "common" not in loading.describe(peaks).nmse:
        pytest.importorskip("matplotlib")
        assert main(["benchmark", str(peaks), "--plot", str(tmp_path / "plot.png")]) == 2
        assert "NMSE" in capsys.readouterr().err


def test_a_missing_matplotlib_is_told_before_anything_is_timed(monkeypatch, tmp_path, capsys):
    monkeypatch.setitem(sys.modules, "matplotlib", None)  # as if it were not installed
    monkeypatch.setattr(benchmark.Benchmark, "run", lambda *_: pytest.fail("it was timed"))
    assert main(["benchmark", "--plot", str(tmp_path / "plot.png")]) == 1
    assert "pip install 'lapland[plot]'" in capsys.readouterr().err
