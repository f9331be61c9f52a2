"""Every code block of every document does what its page says."""

import contextlib
import io
import json
import os
import re
import runpy
import shutil
import subprocess
import sys
import warnings
from functools import cache
from pathlib import Path

import cv2
import numpy as np
import pytest

from lapland.cli import main as command
from tests.documents.blocks import ROOT, RUN, SHOWN, Block, blocks, commands, differs, documents
from tests.films import write_video
from tests.processes import PATIENCE

ALL = {document: blocks(document) for document in documents()}
RUNNING = {
    document: [block for block in found if block.language in RUN and not block.why]
    for document, found in ALL.items()
}
SILENT = [b for found in RUNNING.values() for b in found if b.language == "sh" and not b.output]
LAST = {str(commands(block)): block for block in SILENT}


@pytest.fixture(scope="module")
def around(tmp_path_factory):
    """What the documents find around them: `photo.jpg`, `holiday/`, `talk.mp4`, `examples/`.

    All of them show the astronaut. `talk.mp4` has 20 frames, 25 a second.
    """
    around = tmp_path_factory.mktemp("around")
    (around / "holiday").mkdir()
    (around / "examples").mkdir()
    (around / "models").symlink_to(ROOT / "models")
    for name in ("astronaut.png", "camera.png", "ray_batch.py", "image.py"):
        shutil.copy(ROOT / "examples" / name, around / "examples")
    photo = cv2.imread(str(ROOT / "examples/astronaut.png"))
    cv2.imwrite(str(around / "photo.jpg"), photo)
    for number in range(3):
        cv2.imwrite(str(around / f"holiday/{number}.jpg"), np.roll(photo, 20 * number, axis=1))
    write_video(
        around / "talk.mp4", [np.roll(photo, number, axis=1) for number in range(20)], code="mp4v"
    )
    return around


@pytest.fixture
def folder(around, tmp_path, monkeypatch):
    """The working folder of a document: all that is around it."""
    shutil.copytree(around, tmp_path, symlinks=True, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run_python(block: Block, variables: dict) -> str:
    out = io.StringIO()
    # Lines of the document in tracebacks.
    code = compile("\n" * (block.line - 1) + block.text, block.place, "exec")
    with contextlib.redirect_stdout(out):
        exec(code, variables)
    return out.getvalue()


def run_shell(block: Block, folder: Path) -> str:
    scripts = str(Path(sys.executable).parent)
    environment = os.environ | {
        "PATH": os.pathsep.join((scripts, os.environ["PATH"])),
        "PYTHONPATH": str(ROOT),
    }
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", block.text],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert done.returncode == 0, f"{block.place}: exit status {done.returncode}\n{done.stdout}"
    return done.stdout


@pytest.mark.parametrize(
    "document",
    [document for document, found in RUNNING.items() if found],
    ids=lambda path: str(path.relative_to(ROOT)),
)
def test_blocks_run_and_print_what_the_page_shows(document, folder):
    variables = {"__name__": "__main__"}
    for block in RUNNING[document]:
        if block in SILENT and LAST[str(commands(block))] != block:
            continue  # a later page has the same commands, and all pages find the same around them
        python = block.language == "python"
        printed = run_python(block, variables) if python else run_shell(block, folder)
        if block.output is not None:
            difference = differs(block.output, printed)
            assert difference is None, f"{block.place}: {difference}"


@pytest.mark.parametrize("document", ALL, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_block_is_of_a_known_kind(document):
    text = document.read_text(encoding="utf-8")
    assert text.count("\n```") == 2 * len(re.findall(r"^```\w+$", text, re.MULTILINE)), "a fence"
    indented = re.findall(r"\n\n {4}(?:python|lapland|pip|import|from|nox) .*", text)
    assert not indented, f"code that no fence marks: {indented}"
    for block in ALL[document]:
        assert block.language in (*RUN, *SHOWN), f"{block.place}: unknown {block.language!r}"
        if block.language == "json":
            json.loads(block.text)


@cache
def help_of(words: tuple[str, ...]) -> str:
    """The help of `lapland SUBCOMMAND` or of a module of the repository."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.suppress(SystemExit):
        if words[0] == "lapland":
            command.main([*words[1:], "--help"])
        else:
            given, sys.argv = sys.argv, [words[0], *words[1:], "--help"]
            try:
                with warnings.catch_warnings(action="ignore"):  # another test imported it
                    runpy.run_module(words[0], run_name="__main__")
            finally:
                sys.argv = given
    return out.getvalue()


def described(words: list[str]) -> tuple[tuple[str, ...], list[str]] | None:
    """(command whose help describes the options, the options), or None if the help is not ours."""
    if words[0] == "lapland":
        named, rest = words[:2], words[2:]
    elif words[:2] == ["python", "-m"] and words[2].split(".")[0] in (
        "training",
        "export",
        "benchmarks",
    ):
        named, rest = words[2:3], words[3:]
        if named in (["benchmarks.peers"], ["training.label"]):  # with subcommands
            named, rest = words[2:4], words[4:]
    else:
        return None
    return tuple(named), [word.split("=")[0] for word in rest if word.startswith("--")]


LEFT_OUT = [b for found in ALL.values() for b in found if b.why and b.language == "sh"]


@pytest.mark.parametrize("block", LEFT_OUT, ids=lambda block: block.place)
def test_commands_that_are_not_run_have_the_options_that_they_name(block):
    pytest.importorskip("torch", reason="the commands of training need torch")
    for words in commands(block):
        known = described(words)
        if known is None:
            continue
        name, options = known
        shown = help_of(name)
        assert shown, f"{block.place}: no such command: {' '.join(name)}"
        lacking = [o for o in options if not re.search(rf"{re.escape(o)}(?![\w-])", shown)]
        assert not lacking, f"{block.place}: {' '.join(name)} has no {lacking}"


def test_the_readme_has_blocks_that_run():
    assert len(RUNNING[ROOT / "README.md"]) >= 3


@pytest.mark.parametrize(
    ("shown", "printed", "same"),
    [
        ("box [1.5 2.0]", "box  [1.52\n2.01]", True),
        ("68 landmarks", "68 landmarks\n", True),
        ("68 landmarks", "67 landmarks", False),
        ("within 3.2 px", "within 3.3 px", True),
        ("within 3.2 px", "within 4.2 px", False),
        ("took ... s", "took 0.234 s", True),
        ("took ... s", "took 0.234 ms", False),
        ("a.b", "axb", False),
        ("1,234 faces", "1,234 faces", True),
        ("-1.0", "1.0", False),
        ("rcn-1-4 of 2", "rcn-1-4 of 2", True),
        ("", "something", False),
    ],
)
def test_comparison(shown, printed, same):
    assert (differs(shown, printed) is None) == same


def test_a_wrong_page_is_noticed(tmp_path):
    page = tmp_path / "page.md"
    page.write_text(
        "x\n\n```python\nprint(1 + 1)\n```\n\n```text\n3\n```\n\n"
        "<!-- not run here: it is slow -->\n```sh\n"
        "A=1 lapland predict x --json | cat \\\n --no\n```\n"
    )
    first, second = blocks(page)
    assert (first.line, first.output, first.why) == (4, "3\n", "")
    assert differs(first.output, "2\n")
    assert second.why == "it is slow"
    assert commands(second) == [["lapland", "predict", "x", "--json"], ["cat", "--no"]]
    assert described(commands(second)[0]) == (("lapland", "predict"), ["--json"])
    assert "--json" in help_of(("lapland", "predict"))
