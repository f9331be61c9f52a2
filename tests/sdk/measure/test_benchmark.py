"""`lapland benchmark`, with few rounds; nothing here depends on how fast the machine is."""

from pathlib import Path

from lapland.measure import benchmark
from lapland.networks import index


def test_every_shipped_model_is_measured_by_default():
    chosen = benchmark.chosen(benchmark.Settings())
    assert [path.parent.name for path in chosen] == index.shipped()
    chosen = benchmark.chosen(
        benchmark.Settings(precisions=("int8",), widths=("1", "1/2"), weights="300w")
    )
    assert [path.parent.name for path in chosen] == ["rcn-1-2-int8", "rcn-1-int8"]
    own = (Path("a.onnx"), Path("a.onnx"))
    assert benchmark.chosen(benchmark.Settings(models=own)) == [Path("a.onnx")]


def test_others_at_work_are_a_warning():
    report = {"header": {"cores": 4}, "busy": {"before": 0.02, "during": 1.5}, "models": []}
    (warning,) = benchmark.warnings(report)
    assert "during the timing other programs took 1.5 of 4 cores" in warning
    assert benchmark.warnings(report | {"busy": {"before": None, "during": 0.0}}) == []


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
