"""Links between documents lead somewhere."""

import re

import pytest

from tests.documents.blocks import ROOT, blocks, commands, documents

_LINK = re.compile(r"(?<!`)\[[^\]]*\]\(([^)\s]+)\)")
_PATH = re.compile(r"`((?:sdk|tests|training|export|benchmarks|docs|examples|models)/[\w/.-]+)[`:]")
_FILE = re.compile(r"(?:tests|training|benchmarks|docs)/[\w/.-]+\.(?:py|txt|md|npz)")
_TEST = re.compile(r"`(test_\w+\.py)[`:]")
_CODE = re.compile(r"^```.*?^```$|`[^`\n]*`", re.MULTILINE | re.DOTALL)


def anchors(text):
    """Anchors of the headings, as repositories and MkDocs make them."""
    headings = re.findall(r"^#+ (.+)$", _CODE.sub(lambda m: m[0].strip("`"), text), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", h.lower()).strip().replace(" ", "-") for h in headings}


@pytest.mark.parametrize("document", documents(), ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_to_files_and_headings(document):
    text = _CODE.sub("", document.read_text(encoding="utf-8"))
    for target in _LINK.findall(text):
        if "://" in target:
            continue
        path, _, anchor = target.partition("#")
        file = (document.parent / path).resolve() if path else document
        assert file.exists(), f"{target}: there is no {path}"
        if anchor:
            assert anchor in anchors(file.read_text(encoding="utf-8")), f"{target}: no such heading"


@pytest.mark.parametrize("document", documents(), ids=lambda path: str(path.relative_to(ROOT)))
def test_files_that_are_named_exist(document):
    text = document.read_text(encoding="utf-8")
    made = ("models/runs", "benchmarks/results/machines")  # by commands of the page
    for path in _PATH.findall(text):
        near = (ROOT / path, document.parent / path)
        assert any(place.exists() for place in near) or path.startswith(made), path
    for name in _TEST.findall(text):
        assert list((ROOT / "tests").rglob(name)), name


@pytest.mark.parametrize("document", documents(), ids=lambda path: str(path.relative_to(ROOT)))
def test_files_of_commands_exist(document):
    shells = [block for block in blocks(document) if block.language == "sh"]
    words = [word for shell in shells for command in commands(shell) for word in command]
    for path in filter(_FILE.fullmatch, words):
        assert (ROOT / path).exists(), path
