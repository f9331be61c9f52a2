"""The documents say what the files of results say, and the tables what is in them."""

import json

import pytest

from benchmarks import report
from benchmarks.common import results
from benchmarks.reports import models, pictures, running, video
from export.cards.blocks import find_block, replace_block
from lapland.measure.paper import TABLE_3
from lapland.networks import index, loading


@pytest.mark.parametrize("document", report.DOCUMENTS, ids=lambda path: path.as_posix()[-20:])
def test_documents_are_what_the_results_make_of_them(document):
    text = document.read_text(encoding="utf-8")
    assert text == report.regenerated(document), "run: python -m benchmarks.report"


@pytest.mark.parametrize("path", sorted(results.FOLDER.glob("*.json")), ids=lambda path: path.stem)
def test_results_have_the_common_header_and_name_no_folder(path):
    head = results.read(path)["header"]
    assert {"command", "date", "commit", "cpu", "cores", "load", "versions"} <= set(head)
    text = path.read_text(encoding="utf-8")
    assert "/home/" not in text
    assert ".pts" not in text


def test_results_are_of_the_models_that_are_shipped():
    infos = {info.name: info for info in models.shipped()}
    for source in ("benchmark", "landmarks"):
        rows = results.read(results.FOLDER / f"{source}.json")["models"]
        assert {row["name"] for row in rows} <= set(infos)
        for row in rows:
            assert row["bytes"] == infos[row["name"]].bytes, "measure it again"
        measured = {(row["width"], row["precision"]) for row in rows}
        assert {(info.width, info.precision) for info in infos.values()} == measured


def test_a_stale_document_is_noticed(tmp_path, monkeypatch):
    (document,) = (path for path in report.DOCUMENTS if path.parent.name == "benchmarks")
    text = document.read_text(encoding="utf-8")
    stale = tmp_path / "README.md"
    table = find_block(text, "soak")
    stale.write_text(replace_block(text, "soak", table.replace("median", "worst")), "utf-8")
    monkeypatch.setitem(report.DOCUMENTS, stale, report.DOCUMENTS[document])
    assert report.regenerated(stale) == text != stale.read_text(encoding="utf-8")


def test_the_command_writes_documents_and_plot(tmp_path, monkeypatch):
    document = tmp_path / "README.md"
    document.write_text("a\n<!-- soak -->\n<!-- /soak -->\nb\n", "utf-8")
    blocks = {document: {"soak": ("soak", running.soak)}}
    monkeypatch.setattr(report, "DOCUMENTS", blocks)
    plots = {tmp_path / path.name: report.PLOTS[path] for path in list(report.PLOTS)[:2]}
    monkeypatch.setattr(report, "PLOTS", plots)
    report.main([])
    found = results.read(results.FOLDER / "soak.json")
    assert find_block(document.read_text("utf-8"), "soak") == running.soak(found) + "\n"
    assert all(path.stat().st_size > 5000 for path in plots)


def test_missing_or_foreign_results_leave_the_documents_alone(tmp_path, monkeypatch):
    document = tmp_path / "README.md"
    document.write_text("<!-- soak -->\nold\n<!-- /soak -->\n", "utf-8")
    monkeypatch.setattr(report, "DOCUMENTS", {document: {"soak": ("soak", running.soak)}})
    monkeypatch.setattr(results, "FOLDER", tmp_path)
    with pytest.raises(SystemExit, match=r"soak\.json"):
        report.main([])
    (tmp_path / "soak.json").write_text("{}")
    with pytest.raises(SystemExit, match="expected a file that a benchmark wrote"):
        report.main([])
    assert "old" in document.read_text("utf-8")


def test_results_are_written_and_read(tmp_path):
    path, head = tmp_path / "a.json", results.header("soak")
    results.write(path, head, {"calls": 3})
    assert results.read(path) == {"header": head, "calls": 3}
    assert head["command"] == "python -m benchmarks.soak"
    assert head["cpu"] in results.machine_line(head)
    assert list(json.loads(path.read_text("utf-8"))) == ["header", "calls"]


def rows_of(table):
    lines = [line for line in table.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def made_up(fps):
    """A report of `lapland benchmark` in which each model has its own speed."""
    rows = [
        {
            "name": info.name,
            "width": info.width,
            "precision": info.precision,
            "shipped": True,
            "threads": 1,
            "landmarks": {"fps": fps(i), "median": 1000 / fps(i)},
            "predict": {"median": 7.25},
        }
        for i, info in enumerate(models.shipped())
    ]
    head = {"cpu": "A processor", "cores": 8, "date": "2026-01-02T03:04:05", "commit": "abc"}
    head["load"] = 0.0
    return {"header": head, "settings": {"size": [640, 480]}, "models": rows}


def test_the_papers_table_has_ours_in_the_right_column():
    made = made_up(lambda i: 100 + i)
    infos = models.shipped()
    head, _, *rows = rows_of(models.table_3(made))
    assert head == ["width", *TABLE_3]
    cells = {row[0]: dict(zip(head[1:], row[1:], strict=True)) for row in rows}
    assert cells["frames/s, paper"]["1/8"] == "21.38"
    assert cells["NMSE, % of the full set, paper"]["1"] == "3.91"
    research = {entry.name for entry in index.entries() if entry.weights == "300w"}
    for i, info in enumerate(infos):
        if info.width in TABLE_3 and info.name in research:
            assert cells[f"frames/s, {info.precision}"][info.width] == str(100 + i)
            storage = cells[f"storage, MB, {info.precision}"][info.width]
            assert storage == f"{info.bytes / 1e6:.3f}"


def test_a_model_that_was_not_measured_is_named():
    made = made_up(lambda i: 100 + i)
    made["models"] = [row for row in made["models"] if row["width"] != "1/8"]
    with pytest.raises(ValueError, match="lacks 1/8 on one thread"):
        models.table_3(made)


def test_the_headline_is_of_the_default_model():
    made = made_up(lambda i: 1000.0)
    text = " ".join(models.headline(made).split())
    info = loading.describe(index.default("photo").path)
    assert f"{info.bytes / 1e6:.2f} MB" in text
    assert "1.0 ms a face" in text
    assert "7.2 ms for a photo of 640 x 480" in text
    assert "A processor" in text
    made["models"] = [row for row in made["models"] if row["width"] != info.width]
    with pytest.raises(ValueError, match=r"lacks \S+ on one thread"):
        models.headline(made)


def test_models_are_named_by_their_use():
    rows = rows_of(models.models_short(made_up(lambda i: 1000.0)))[2:]
    infos = models.shipped()
    defaults = list(dict.fromkeys(map(index.default, ("photo", "video"))))
    for row, default in zip(rows, defaults, strict=False):
        assert row[0].startswith(f"`{default.width}`, {default.precision}: the default")
    small, accurate = rows[len(defaults) :]
    assert small[1] == f"{min(info.bytes for info in infos) / 1e3:,.0f} KB"
    assert accurate[2] == f"{min(info.nmse['common'] for info in infos):.2f}"
    assert {row[4] for row in rows} == {"7.2"}


def test_tracking_of_several_faces_has_intervals_and_coverage():
    head = {"cpu": "c", "cores": 2, "date": "2026-01-01", "commit": None, "load": None}
    detect = {"error": 4.0, "missed": 3, "false": 1, "compared": 30}
    detect |= {"within_50": 0.5, "within_90": 0.9}
    light = detect | {"missed": 0, "difference": -0.05, "low": -0.1, "high": 0.02}
    dark = {"detect": detect | {"compared": 10}, "light": light | {"compared": 10}}
    dark["light"] |= {"within_50": 0.3, "within_90": 0.7, "error": 3.95}
    motions = {"pan": {"detect": detect, "light": light}, "light": dark}
    report = {
        "header": head,
        "data": True,
        "split": "val",
        "persons": 24,
        "width": "1/4-lite",
        "motions": motions,
    }
    said = video.motions(report)
    assert "24 faces of 300-W's val set" in said
    assert "| pan | 4.00 | 4.00 | -0.05 (-0.10 to +0.02) | 3 | 0 | 1 | 1 |" in said
    assert "45 and 85 % of those tracked (smoothing light)" in said  # 30 frames and 10
    assert "50 and 90 % of those detected" in said
    light["low"] = float("nan")  # one face
    alone = video.motions(report)
    assert "difference" not in alone
    assert "| pan | 4.00 | 4.00 | 3 | 0 | 1 | 1 |" in alone


def test_designs_stand_by_their_error_and_are_drawn():
    head = {"cpu": "A processor", "cores": 8, "date": "2026-01-02T03:04:05", "commit": "abc"}
    rows = [
        {
            "design": name,
            "parameters": 1000,
            "gmac": gmac,
            "passes": 5,
            "val_nmse": error,
            "ms": {"float32": gmac * 30, "int8": gmac * 40},
        }
        for name, gmac, error in (("wide", 0.04, 5.1), ("slim", 0.01, 6.2), ("tall", 0.03, 4.9))
    ]
    made = {"header": head | {"load": None}, "designs": rows, "beside": {"rcn-1-8": 1.5}}
    table = models.designs(made)
    assert table.index("tall") < table.index("wide") < table.index("slim")
    assert "| tall | 1,000 | 0.0300 | 4.90 | 0.90 | 1.20 |" in table
    assert "`rcn-1-8` 1.50 ms" in table
    assert pictures.draw_designs(made).startswith(b"\x89PNG")
