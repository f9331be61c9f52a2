"""The site has every page, every public name and every command. `nox -s docs` builds it."""

import importlib.util
import re

import pytest

import lapland
from lapland.cli.main import main
from tests.documents.blocks import ROOT, RUN, blocks

REFERENCE = sorted((ROOT / "docs" / "reference").glob("*.md"))
NAVIGATION = set(re.findall(r"[\w/-]+\.md", (ROOT / "mkdocs.yml").read_text().split("\nnav:")[1]))


@pytest.fixture(scope="module")
def stage():
    pytest.importorskip("latex2mathml", reason="of the extra `docs`")
    spec = importlib.util.spec_from_file_location("stage", ROOT / "docs/_site/stage.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_public_name_is_in_the_reference():
    text = "\n".join(path.read_text() for path in REFERENCE)
    named = re.findall(r"^::: lapland\.(\w+)$", text, re.MULTILINE)
    assert sorted(named) == sorted(lapland.__all__)


@pytest.mark.parametrize("name", lapland.__all__)
def test_every_public_name_has_an_example_that_runs(name):
    (page,) = (path for path in REFERENCE if f"::: lapland.{name}\n" in path.read_text() + "\n")
    runs = [block for block in blocks(page) if block.language in RUN and not block.why]
    shown = "\n".join(block.text + (block.output or "") for block in runs)
    assert re.search(rf"\b{name}\b", shown)


def test_every_command_has_its_help(capsys):
    with pytest.raises(SystemExit):
        main(["--help"])
    names = re.findall(r"^    (\w+)(?:  |$)", capsys.readouterr().out, re.MULTILINE)
    assert "predict" in names
    text = (ROOT / "docs/reference/command.md").read_text()
    shown = re.findall(r"^<!-- help: (\w+) -->$", text, re.MULTILINE)
    assert shown == [name for name in names if name != "COMMAND"]


def test_every_page_has_a_place_in_the_navigation(stage):
    pages = set(stage.pages().values())
    cards = {f"models/{card.parent.name}.md" for card in ROOT.glob("models/*/README.md")}
    assert cards
    assert pages - cards == NAVIGATION


def test_links_of_the_site_lead_to_pages_and_pictures(stage, monkeypatch):
    # The help of one command takes a process; that of all of them would say no more of links.
    help_of = stage.help_of
    monkeypatch.setattr(stage, "help_of", lambda words: help_of(words) if words == "models" else "")
    known = stage.pages()
    for source, page in known.items():
        text, shown = stage.staged(source, known)
        text = re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)
        folder = (ROOT / page).parent
        for target in re.findall(r"(?<!`)\]\(([^)\s#]+)", text):
            if "://" not in target:
                place = (folder / target).resolve().relative_to(ROOT).as_posix()
                assert place in {*known.values(), *shown.values()}, f"{source}: {target}"


def test_formulas_and_code(stage, tmp_path, monkeypatch):
    monkeypatch.setattr(stage, "ROOT", tmp_path)
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs/a.md").write_text(
        "$x^2$ and `$HOME` and [code](../b.py) and [`b`](b.md#c) and ![p](p.png)\n\n"
        "```sh\necho $A $B [x](y.md)\n```\n"
    )
    known = {"docs/a.md": "a.md", "docs/b.md": "sub/b.md"}
    text, shown = stage.staged("docs/a.md", known)
    assert "<math" in text
    assert "`$HOME`" in text
    assert " and code and [`b`](sub/b.md#c) and ![p](pictures/docs/p.png)" in text
    assert "echo $A $B [x](y.md)" in text
    assert shown == {"docs/p.png": "pictures/docs/p.png"}
