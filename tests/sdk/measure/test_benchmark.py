"""`lapland benchmark`, with few rounds; nothing here depends on how fast the machine is."""

import json
import sys
import tomllib
from pathlib import Path

import cv2
import numpy as np
import pytest

import lapland
from lapland import OptionError
from lapland.cli.main import main
from lapland.measure import benchmark, paper, sample, table, timer
from lapland.networks import index, loading

ROOT = Path(__file__).resolve().parents[3]


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


def test_every_shipped_model_is_measured_by_default():
    chosen = benchmark.chosen(benchmark.Settings())
    assert [path.parent.name for path in chosen] == index.shipped()
    chosen = benchmark.chosen(
        benchmark.Settings(precisions=("int8",), widths=("1", "1/2"), weights="300w")
    )
    assert [path.parent.name for path in chosen] == ["rcn-1-2-int8", "rcn-1-int8"]
    own = (Path("a.onnx"), Path("a.onnx"))
    assert benchmark.chosen(benchmark.Settings(models=own)) == [Path("a.onnx")]


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


def test_others_at_work_are_a_warning():
    report = {"header": {"cores": 4}, "busy": {"before": 0.02, "during": 1.5}, "models": []}
    (warning,) = benchmark.warnings(report)
    assert "during the timing other programs took 1.5 of 4 cores" in warning
    assert benchmark.warnings(report | {"busy": {"before": None, "during": 0.0}}) == []


def test_the_sample_is_a_photo_with_one_face(detector):
    for width, height in ((128, 128), (160, 700), (640, 480), (1280, 720)):
        photo = sample.sample(width, height)
        assert (photo.shape, photo.dtype) == ((height, width, 3), np.uint8)
        (face,) = detector.predict(photo)
        middle = (face.box[:2] + face.box[2:]) / 2
        assert np.abs(middle - [width / 2, height / 2]).max() < 40
    with pytest.raises(OptionError, match="128x128"):
        sample.sample(100, 480)


def test_the_sample_is_cut_from_the_photo_of_the_examples(image):
    face = cv2.imread(str(sample.FILE))
    cut = image[10:234, 120:344]
    assert face.shape == cut.shape
    assert np.abs(face.astype(int) - cut).mean() < 3
    assert sample.FILE.stat().st_size < 40_000


def test_the_wheel_carries_the_sample():
    wheel = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"][
        "targets"
    ]["wheel"]
    here = sample.FILE.relative_to(Path(lapland.__file__).parents[1])
    assert "sdk/lapland" in wheel["only-include"]
    assert here == Path("lapland/measure/sample.jpeg")
    assert not any(sample.FILE.match(pattern) for pattern in wheel["exclude"])


def test_the_papers_table_agrees_with_its_parameters():
    # The shipped widths follow 452 c^2 + 181 c + 9452, which the paper's own counts do too.
    for width, column in paper.TABLE_3.items():
        c = 64 * eval(width)
        assert column.parameters == pytest.approx((452 * c**2 + 181 * c + 9452) / 1e6, rel=0.03)
    # float32 takes four bytes a parameter.
    for column in paper.TABLE_3.values():
        assert column.megabytes == pytest.approx(4 * column.parameters, abs=0.01)
    assert list(paper.TABLE_3) == ["1/16", "1/8", "1/4", "1/2", "1"]


def times_of(width, precision, median, *, shipped=True):
    row = {"threads": 1, "width": width, "precision": precision, "shipped": shipped}
    return row | {"landmarks": {"median": median}}


def test_int8_that_is_no_gain_is_named():
    rows = [
        times_of("1/8", "float32", 2.0),
        times_of("1/8", "int8", 1.0),
        times_of("1/4", "float32", 2.0),
        times_of("1/4", "int8", 1.99),
        times_of("1", "int8", 9.0),  # float32 was not measured
        times_of("1/4", "int8", 5.0, shipped=False),
    ]
    report = {
        "header": {"cores": 2, "instructions": "AVX2"},
        "busy": {"before": None, "during": None},
        "models": rows,
    }
    assert benchmark.warnings(report) == [
        "int8 is no gain on this processor (AVX2) at width 1/4: choose precision float32"
    ]
    assert benchmark.warnings(report | {"models": rows[:2]}) == []
