"""Imports run one way: a room imports itself and the rooms before it, deferred imports too."""

import ast
import re
from functools import cache

import pytest

from training.common.paths import REPOSITORY

# Lowest first. A file beside the rooms is a command, which may import all of its own package.
ROOMS = {
    "sdk/lapland": "base formats schemes image crop uncertainty networks detection landmarks "
    "answers faces options detector video footage stream lapland batch measure cli freezing",
    "training": "common importers network data heads labelling losses recipes finding evaluation "
    "reports calibration runs",
    "export": "graph stages cards shipping",
    "benchmarks": "common videos reports peers",
}
# The package's `__init__` is the room `lapland`; `python -m lapland` belongs to the command line.
ALIASES = {"__init__": "lapland", "__main__": "cli"}
MOST = 15  # modules in a room


def room_of(parts, rooms):
    """The room of a module, from the names of its folders and file below the package."""
    room = ALIASES.get(parts[0], parts[0]) if parts else "lapland"
    return room if room in rooms else "command"


@cache
def imports(source):
    return [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.ImportFrom)]


def imported(file, package, folder):
    """Parts of each module of the package that a file imports, wherever in it."""
    for node in imports(file.read_text(encoding="utf-8")):
        if node.level:
            base = list(file.relative_to(folder).parts[: -node.level])
            named = [*base, *(node.module or "").split(".")] if node.module else base
        elif (node.module or "").split(".")[0] == package:
            named = node.module.split(".")[1:]
        else:
            continue
        for alias in node.names:
            if named:
                yield named
            elif (folder / alias.name).is_dir() or (folder / f"{alias.name}.py").is_file():
                yield [alias.name]
            else:
                yield []  # a name of the package itself


def wrong_imports(folder, rooms):
    """Imports that run back up, as `file -> module`."""
    order = [*rooms.split(), "command"]
    for file in sorted(folder.rglob("*.py")):
        own = file.relative_to(folder).with_suffix("").parts
        for parts in imported(file, folder.name, folder):
            here, there = (order.index(room_of(p, order)) for p in (own, parts))
            if there > here and file.name != "__init__.py":
                yield f"{'/'.join(own)} -> {'.'.join(parts) or 'the package'}"


@pytest.mark.parametrize("package", ROOMS)
def test_imports_run_one_way(package):
    assert list(wrong_imports(REPOSITORY / package, ROOMS[package])) == []


@pytest.mark.parametrize("package", ROOMS)
def test_rooms_are_small_and_say_in_a_sentence_what_they_hold(package):
    for init in (REPOSITORY / package).glob("*/__init__.py"):
        tree = ast.parse(init.read_text(encoding="utf-8"))
        assert ast.get_docstring(tree), init
        assert len(tree.body) == 1, f"{init}: imports or defines something"
        assert len(list(init.parent.glob("*.py"))) - 1 <= MOST, init.parent


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("from ..base import files", []),
        ("from ..faces.faces import Faces", ["crop/square -> faces.faces"]),
        ("def f():\n    from ..cli import main", ["crop/square -> cli"]),
        ("from .. import __version__", ["crop/square -> the package"]),
        ("from lapland.detector import Detector", ["crop/square -> detector"]),
    ],
)
def test_an_import_that_runs_back_up_is_found(tmp_path, line, found):
    folder = tmp_path / "lapland"
    for name in ("crop/square", "base/files", "faces/faces", "cli/main", "detector"):
        file = folder / f"{name}.py"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(line if name == "crop/square" else "")
    assert list(wrong_imports(folder, ROOMS["sdk/lapland"])) == found


def test_no_file_is_in_a_circle():
    """Within a room, too: each file's imports are followed to the end."""
    for package, _ in ROOMS.items():
        folder = REPOSITORY / package
        graph = {}
        for file in folder.rglob("*.py"):
            own = file.relative_to(folder).with_suffix("").parts
            graph[own] = {tuple(p) for p in _files(file, folder)} - {own}
        assert _circle(graph) == []


def _files(file, folder):
    for parts in imported(file, folder.name, folder):
        if (folder.joinpath(*parts)).with_suffix(".py").is_file():
            yield parts
        elif parts and folder.joinpath(*parts).is_dir():
            nodes = imports(file.read_text(encoding="utf-8"))
            names = [alias.name for node in nodes for alias in node.names]
            yield from (
                [*parts, name] for name in names if folder.joinpath(*parts, f"{name}.py").is_file()
            )


def _circle(graph):
    """Files of a circle, or none: what is left when files without imports are taken out."""
    left = {file: set(targets) & set(graph) for file, targets in graph.items()}
    while free := [file for file, targets in left.items() if not targets]:
        for file in free:
            del left[file]
        for targets in left.values():
            targets.difference_update(free)
    return sorted("/".join(file) for file in left)


# `__main__` is run by `cli/test_main.py`; PyInstaller alone imports its hook.
UNTESTED = {"__main__.py", "freezing/hook-lapland.py"}


def test_every_module_of_the_sdk_has_its_test_file():
    folder, tests = REPOSITORY / "sdk" / "lapland", REPOSITORY / "tests" / "sdk"
    for file in sorted(folder.rglob("*.py")):
        name = file.relative_to(folder)
        code = file.read_text(encoding="utf-8")
        if name.as_posix() in UNTESTED or file.name == "__init__.py":
            continue
        if re.search(r"^(def|class) ", code, re.MULTILINE):
            assert (tests / name.parent / f"test_{name.name}").is_file(), name
