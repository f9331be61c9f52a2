"""Figures that a page repeats from another one are those of the other one."""

import re

import pytest

from tests.documents.blocks import ROOT


def _text(name):
    return (ROOT / name).read_text(encoding="utf-8")


def _column(text, name):
    """The cells below a heading in every table that has it."""
    cells, place = [], None
    for line in text.splitlines():
        row = [cell.strip() for cell in line.strip("|").split("|")]
        if not line.startswith("|"):
            place = None
        elif place is None:
            place = row.index(name) if name in row else -1
        elif place >= 0 and set(row[0]) != {"-"}:
            cells.append(row[place])
    return cells


def test_the_papers_page_repeats_the_figures_of_others():
    here = _column(_text("docs/papers.md"), "here")
    assert len(here) > 15  # the claims of three papers
    figures = {figure for cell in here for figure in re.findall(r"\d+\.\d+", cell)}
    assert len(figures) > 15
    pages = ("training/README.md", "docs/robustness.md", "benchmarks/README.md")
    there = "".join(map(_text, pages))
    assert {figure for figure in figures if figure not in there} == set()


def test_every_claim_of_the_papers_has_a_verdict():
    verdicts = _column(_text("docs/papers.md"), "verdict")
    assert len(verdicts) > 15
    known = ("holds", "does not", "cannot be told")
    assert [verdict for verdict in verdicts if not verdict.startswith(known)] == []


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
