"""The results of `lapland benchmark` as text."""

from lapland.measure.table import error, label, text
from tests.sdk.measure.reports import REPORT, row


def test_lines_fit_a_terminal():
    assert max(map(len, text(REPORT).splitlines())) <= 80


def test_all_figures_are_there():
    printed = text(REPORT)
    for words in ("Some Processor, 2 cores with AVX2; Linux", "load 0.50", "2 threads", "1 face"):
        assert words in printed
    (sizes,) = [s for s in printed.splitlines() if s.startswith("1/16 int8") and "KB" in s]
    assert sizes.split() == ["1/16", "int8", "17,000", "70", "KB", "5.39", "0.076", "26.51"]
    (own,) = [s for s in printed.splitlines() if s.startswith("mine.onnx") and "KB" in s]
    assert own.split()[-3:] == ["-", "-", "-"]  # unknown, and no width of the paper
    (times,) = [s for s in printed.splitlines() if s.startswith("1/16 float32") and "%" in s]
    assert times.split()[2:6] == ["1.50", "1.80", "0.5%", "667"]
    assert ">100%" in times


def test_each_number_of_threads_has_a_table():
    rows = [row("1", "int8", 2.0, {}, number) for number in (1, 4)]
    printed = text(REPORT | {"models": rows})
    assert "1 thread " in printed
    assert "4 threads " in printed


def test_files_of_earlier_versions_know_no_instructions():
    head = {name: value for name, value in REPORT["header"].items() if name != "instructions"}
    assert "2 cores; Linux" in text(REPORT | {"header": head | {"load": None}})


def test_names_and_errors():
    shipped, _, own = REPORT["models"]
    assert (label(shipped), label(own)) == ("1/16 float32", "mine.onnx")
    assert (error(shipped), error(own)) == (5.21, None)
