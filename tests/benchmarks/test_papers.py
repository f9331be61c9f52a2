"""The papers' experiments are trained by their recipe, kept once, and set beside the paper's."""

import json

import pytest

from benchmarks import papers
from benchmarks.common import results
from benchmarks.common.experiments import FIGURE_4, ROWS, TABLE_2
from benchmarks.reports import papers as tables
from tests.drawn_faces import write_folder
from training.data import detected, unlabelled
from training.recipes.checkpoint import load_weights
from training.recipes.recipe import RECIPES, override


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(detected, "CACHE", tmp_path / "cache")
    monkeypatch.setattr(unlabelled, "CACHE", tmp_path / "cache")
    folder = write_folder(tmp_path / "faces", 8)
    (folder / "splits/common.txt").write_text((folder / "splits/val.txt").read_text())
    return folder


def run(folder, *rows, passes=1):
    given = ["--data", str(folder), "--out", str(folder.parent / "runs"), "--widths", "1/16"]
    given += ["--json", str(folder.parent / "papers.json"), "--threads", "1"]
    papers.main([*given, "--passes", str(passes), "--rows", *rows])
    return results.read(folder.parent / "papers.json")["rows"]


def test_a_row_is_trained_once_and_kept_with_its_figures(folder, monkeypatch, capsys):
    # Rows of earlier commands stay, and a run of other length is another row.
    other = {"row": "softargmax", "width": "1/16", "seed": 0, "passes": 2}
    results.write(folder.parent / "papers.json", results.header("papers"), {"rows": [other]})
    rows = run(folder, "softargmax")
    assert rows[0] == other
    (row,) = rows[1:]
    best = next((folder.parent / "runs").glob("softargmax*")) / "best.safetensors"
    _, recipe, facts = load_weights(best)
    assert (recipe.loss, recipe.width, recipe.epochs) == ("softargmax", "1/16", 1)
    assert (recipe.augmentation, recipe.schedule) == (RECIPES["paper"].augmentation, "constant")
    assert row["val"] == pytest.approx(facts["val_nmse"], abs=6e-4)
    assert row["common"] == row["val"]  # of the same faces here
    assert (row["row"], row["width"], row["seed"], row["passes"]) == ("softargmax", "1/16", 0, 1)
    assert (row["training_faces"], row["commit"]) == (6, facts["commit"])

    monkeypatch.setattr(papers.train, "main", None)  # nothing is trained that is known
    assert run(folder, "softargmax") == rows
    assert "in the results" in capsys.readouterr().out


def test_the_labelled_faces_shown_again_are_those_of_training(folder, monkeypatch):
    given = []
    monkeypatch.setattr(papers.train, "main", given.extend)
    with pytest.raises(SystemExit):  # nothing was trained, so there is no checkpoint
        run(folder, "laplace_kl+labelled")
    shown = folder.parent / "runs" / "labelled"
    assert given[given.index("--unlabelled") + 1] == str(shown)
    assert "adversary=0.001" in given
    photos = {path.relative_to(shown).as_posix() for path in shown.rglob("*.*")}
    assert photos == {f"drawn/face_{i}.png" for i in range(6)}
    assert all(path.is_file() for path in shown.rglob("*.png"))


def test_a_smaller_draw_is_part_of_a_larger_one(tmp_path):
    photos = tmp_path / "photos"
    photos.mkdir()
    for i in range(20):
        (photos / f"{i}.jpg").write_bytes(b"")
    small, large = (
        {path.name for path in papers.some_of(photos, count, tmp_path / "out").iterdir()}
        for count in (5, 12)
    )
    assert (len(small), len(large)) == (5, 12)
    assert small < large
    assert small != {f"{i}.jpg" for i in range(5)}
    with pytest.raises(ValueError, match="expected 21 photos or more, found 20"):
        papers.some_of(photos, 21, tmp_path / "out")


@pytest.mark.parametrize("row", ["laplace_kl+2000", "softargmax+13000"])
def test_rows_with_unlabelled_faces_want_a_folder(folder, row):
    with pytest.raises(SystemExit, match="expected --unlabelled"):
        run(folder, row)


def test_missing_splits_are_named(folder):
    (folder / "splits/common.txt").unlink()
    with pytest.raises(SystemExit, match=r"common\.txt: there is no such split file"):
        run(folder, "laplace_kl")


def test_every_row_is_another_recipe_in_another_folder():
    recipes = {
        (override(RECIPES["paper"], list(row.settings)).to_json(), row.judged)
        for row in ROWS.values()
    }
    assert len(recipes) == len(ROWS)
    folders = {papers.Run(row, "1/8", 0, 200).folder for row in ROWS}
    assert len(folders) == len(ROWS)
    assert override(RECIPES["paper"], list(ROWS["laplace_kl"].settings)) == RECIPES["paper"]


def made(*rows):
    keys = ("row", "width", "seed", "passes", "common", "val", "spread", "minutes")
    return {"rows": [dict(zip(keys, row, strict=True)) for row in rows]}


def cells(table):
    lines = table.splitlines()
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return {row[0]: dict(zip(rows[0], row, strict=True)) for row in rows[2:]}


def test_table_2_has_the_longest_runs_and_says_what_was_not_run():
    report = made(
        ("laplace_kl", "1/8", 0, 4, 9.0, 9.5, 2.0, 3),
        ("laplace_kl", "1/8", 0, 20, 5.0, 5.5, 1.0, 10),
        ("laplace_kl", "1/8", 1, 20, 5.2, 5.7, 1.2, 12),
        ("softargmax", "1/4", 0, 20, 4.0, 4.5, 3.0, 10),
    )
    rows = cells(tables.table_2(report))
    assert set(rows) == {row.title for row in TABLE_2.values()}
    ours = rows["LaplaceKL"]
    assert ours["ours: common"] == "5.10 ± 0.10"
    assert (ours["passes"], ours["seeds"], ours["minutes a run"]) == ("20", "2", "11 ± 1")
    assert (ours["paper: common"], ours["paper: full"]) == ("3.28", "4.01")
    assert rows["softargmax"]["ours: common"] == "not run"  # another width was
    assert rows["softargmax+D(13,000)"]["paper: full"] == "4.29 (softargmax+D(70K))"
    assert rows["LaplaceKL+D(labelled faces)"]["paper: full"] == "4.06"


def test_table_3_has_a_column_for_each_width():
    report = made(
        ("softargmax", "1/4", 0, 20, 4.0, 4.5, 3.0, 10),
        ("laplace_kl+13000", "1/2", 0, 12, 3.5, 4.5, 3.0, 10),
    )
    rows = cells(tables.table_3(report))
    assert rows["softargmax, ours, common"]["1/4"] == "4.00 (20 passes)"
    assert rows["softargmax, ours, common"]["1/8"] == "not run"
    assert rows["LaplaceKL+D(13,000), ours, common"]["1/2"] == "3.50 (12 passes)"
    assert rows["LaplaceKL+D(70K), paper, full"]["1/8"] == "4.85"


def test_figure_4_compares_runs_of_one_length():
    report = made(
        ("laplace_kl", "1/8", 0, 20, 5.0, 5.5, 1.0, 10),
        ("laplace_kl", "1/8", 0, 4, 9.0, 9.5, 2.0, 3),
        ("beta=2", "1/8", 0, 4, 8.0, 8.5, 2.0, 3),
        ("beta=4", "1/8", 0, 3, 7.0, 7.5, 2.0, 3),
    )
    rows = cells(tables.figure_4(report))
    assert {f"beta = {v:g}" for v in (0.25, 0.5, 1, 2, 4)} < set(rows)
    head = "NMSE %, common"
    assert rows["beta = 1"][head] == rows["b = 1"][head] == "9.00"
    assert rows["beta = 2"][head] == "8.00"
    assert rows["beta = 4"][head] == rows["b = 0.5"][head] == "not run"
    assert "after 4 passes" in rows["b = 1"]
    assert len(rows) == len(FIGURE_4) + 2
    assert tables.draw_figure_4(report).startswith(b"\x89PNG")
    assert tables.draw_figure_4(made()) is None


def test_results_are_of_known_rows_and_hold_no_name_of_a_photo():
    text = papers.RESULTS.read_text("utf-8")
    rows = json.loads(text)["rows"]
    assert {row["row"] for row in rows} <= set(ROWS)
    keys = [(row["row"], row["width"], row["seed"], row["passes"]) for row in rows]
    assert len(set(keys)) == len(keys)
