"""Figures that a page repeats from another one are those of the other one."""

import re

import pytest

from tests.documents.blocks import ROOT


def _text(name):
    return (ROOT / name).read_text(encoding="utf-8")


def test_the_papers_page_repeats_the_figures_of_training():
    rows = re.findall(r"^\|[^|]+\|([^|]+)\|$", _text("docs/papers.md"), re.MULTILINE)
    figures = {figure for row in rows for figure in re.findall(r"\d+\.\d+", row)}
    assert len(figures) > 4
    there = _text("training/README.md")
    assert {figure for figure in figures if figure not in there} == set()


ROW = re.compile(
    r"^\| (open|300-W) `?([\w/-]+)`?, (int8|float32)[^|]*\| (\d\.\d\d) \|", re.MULTILINE
)


@pytest.mark.parametrize("row", ROW.findall(_text("docs/open-weights.md")), ids=" ".join)
def test_the_data_sheet_has_the_errors_of_the_models(row):
    family, width, precision, nmse = row
    name = ("open-" if family == "open" else "rcn-") + width.replace("/", "-")
    card = _text(f"models/{name}{'-int8' if precision == 'int8' else ''}/README.md")
    found = re.findall(r"^\| common \| MTCNN \|[^|]*\|[^|]*\| (\d\.\d+) \|", card, re.MULTILINE)
    assert found, name
    assert f"{float(found[0]):.2f}" == nmse
