"""The installed package stands on numpy, onnxruntime and OpenCV alone, and says what it offers."""

import ast
import functools
import inspect
import re
import subprocess
import sys
from pathlib import Path

import pytest

import lapland
from tests.processes import PATIENCE

FOLDER = Path(lapland.__file__).parent
SOURCES = sorted(FOLDER.rglob("*.py"))
ALLOWED = {"numpy", "onnxruntime", "cv2"}
FORBIDDEN = [
    "torch",
    "torchvision",
    "onnx",
    "mtcnn",
    "tensorflow",
    "keras",
    "joblib",
    "lz4",
    "PIL",
    "skimage",
    "scipy",
    "matplotlib",
    "tqdm",
    "safetensors",
    "accelerate",
    "training",
    "export",
    "benchmarks",
    "examples",
    "tests",
]


# Libraries of extras: these files alone import them, only within the function that needs them.
EXTRAS_OF = {
    "formats/dataframe.py": {"pandas"},
    "formats/keypoints.py": {"supervision"},
    "measure/plot.py": {"matplotlib"},
}
HOOKS = "freezing/hook-"  # for PyInstaller alone, which runs them by their path
SOURCES = [s for s in SOURCES if HOOKS not in s.as_posix()]
EXTRAS = set().union(*EXTRAS_OF.values())
FORBIDDEN += sorted(EXTRAS)


@functools.cache
def roots_of(source):
    """Roots of all that a file imports, wherever in the file it does so, its own package aside."""
    return roots_in(ast.parse(source.read_text(encoding="utf-8"))) - {"lapland"}


def roots_in(tree):
    roots = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            roots |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            roots.add(node.module.split(".")[0])
    return roots


def test_sources_import_three_packages_and_the_standard_library():
    roots = set().union(*map(roots_of, SOURCES))
    assert roots - sys.stdlib_module_names == ALLOWED | EXTRAS


def is_for_type_checkers(node):
    return isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"


def test_libraries_of_extras_are_imported_where_they_belong_when_they_are_called():
    for source in SOURCES:
        tree = ast.parse(source.read_text(encoding="utf-8"))
        tree.body = [node for node in tree.body if not is_for_type_checkers(node)]
        name = source.relative_to(FOLDER).as_posix()
        if name in EXTRAS_OF:
            assert roots_in(tree) & EXTRAS == EXTRAS_OF[name]
            tree.body = [node for node in tree.body if not isinstance(node, ast.FunctionDef)]
        assert not roots_in(tree) & EXTRAS, name


def test_one_file_imports_onnxruntime():
    assert [s.name for s in SOURCES if "onnxruntime" in roots_of(s)] == ["session.py"]


@pytest.mark.parametrize("module", ["lapland", "lapland.__main__", "lapland.cli.main"])
def test_a_fresh_interpreter_loads_nothing_else(module, tmp_path):
    # What a site's .pth files import at the start is not our doing, so it is taken off.
    script = (
        "import sys; before = set(sys.modules)\n"
        f"import {module}\n"
        "print(*sorted({name.split('.')[0] for name in set(sys.modules) - before}))"
    )
    run = subprocess.run(
        [sys.executable, "-W", "error", "-c", script],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
        timeout=PATIENCE,
    )
    loaded = set(run.stdout.split())
    assert loaded & ALLOWED >= {"numpy", "cv2"}  # onnxruntime comes with the first detector
    assert not loaded & set(FORBIDDEN)
    assert run.stderr == ""


def test_rooms_that_few_programs_need_are_imported_on_use():
    rooms = ("answers", "batch", "cli", "measure", "stream", "video")
    modules = ("detection.blazeface", "faces.blurring", "faces.drawing", "image.decoding")
    script = "import sys, lapland; print(*(n for n in sys.modules if n.startswith('lapland.')))"
    run = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=PATIENCE
    )
    loaded = {name.removeprefix("lapland.") for name in run.stdout.split()}
    assert "detector" in loaded
    assert not [name for name in loaded if name in modules or name.split(".")[0] in rooms]


def test_no_source_prints_but_the_command():
    for source in SOURCES:
        if source.parent.name == "cli":
            continue
        code = source.read_text()
        if re.search(r"\bprint\b", code):  # in a docstring it is no name
            names = [n.id for n in ast.walk(ast.parse(code)) if isinstance(n, ast.Name)]
            assert "print" not in names, source.name


def test_all_is_sorted_and_complete():
    # Sorted as ruff does it: constants, then classes, then functions.
    def kind(name):
        return 0 if name.isupper() else 1 if name[0].isupper() else 2

    assert lapland.__all__ == sorted(lapland.__all__, key=lambda name: (kind(name), name))
    public = {
        name
        for name, value in vars(lapland).items()
        if not name.startswith("_") and not inspect.ismodule(value)
    }
    assert public <= set(lapland.__all__) <= set(dir(lapland))
    assert all(getattr(lapland, name) is not None for name in lapland.__all__)  # some on use
    with pytest.raises(AttributeError, match="module 'lapland' has no attribute 'Draw'"):
        lapland.Draw  # noqa: B018


def test_every_public_name_is_documented():
    for name in lapland.__all__:
        value = getattr(lapland, name)
        if not (inspect.isclass(value) or inspect.isroutine(value)):
            continue
        assert inspect.getdoc(value), name
        assert value.__module__ == "lapland"
        if not inspect.isclass(value):
            continue
        for member, attribute in vars(value).items():
            public = not member.startswith("_")
            if public and (inspect.isroutine(attribute) or isinstance(attribute, property)):
                assert inspect.getdoc(attribute), f"{name}.{member}"


def test_every_error_is_a_lapland_error_and_a_builtin():
    errors = [getattr(lapland, name) for name in lapland.__all__ if name.endswith("Error")]
    for error in errors:
        assert issubclass(error, lapland.LaplandError)
        assert error is lapland.LaplandError or issubclass(error, ValueError | ImportError)
        assert error.__name__ in sys.modules["lapland.base.errors"].__doc__
    for error in (lapland.ImageNotFoundError, lapland.ModelNotFoundError):
        assert issubclass(error, FileNotFoundError)
        assert str(error("there is no such file")) == "there is no such file"


def test_the_version_stands_in_the_package_alone():
    text = (Path(__file__).parents[3] / "pyproject.toml").read_text()
    assert '[tool.hatch.version]\npath = "sdk/lapland/__init__.py"' in text
    assert (FOLDER / "py.typed").exists()
