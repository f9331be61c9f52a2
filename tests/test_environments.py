"""Each extra brings the packages that its code imports, and each version is in constraints.txt."""

import ast
import re
import sys
import tomllib

import pytest

from training.common.paths import REPOSITORY

PROJECT = tomllib.loads((REPOSITORY / "pyproject.toml").read_text("utf-8"))["project"]
EXTRAS = PROJECT["optional-dependencies"]
DISTRIBUTIONS = {
    "cv2": "opencv-python",
    "cyclonedx": "cyclonedx-python-lib",
}  # whose name is not that of the import
OURS = {"lapland", "training", "export", "benchmarks", "tests"}
# Folder -> the extras of its installation. The teacher has an environment of its own, whose version
# its extra pins.
FOLDERS = {"training": ("export", "teacher"), "export": ("export", "blazeface")}
BROUGHT = {
    "joblib": "mtcnn",
    "google": "mediapipe",
    "ai_edge_litert": "ai-edge-litert",
}  # what comes with another package


def name_of(requirement):
    return re.match(r"[\w.-]+", requirement)[0].lower()


def packages_of(extra):
    """The distributions that an extra brings, with those of lapland and of other extras in it."""
    found = {name_of(requirement) for requirement in PROJECT["dependencies"]}
    for requirement in EXTRAS[extra]:
        if name_of(requirement) == "lapland":
            others = re.search(r"\[(.*)\]", requirement)[1].split(",")
            found = found.union(*map(packages_of, others))
        else:
            found.add(name_of(requirement))
    return found


def imports_of(path):
    """Top-level names that a module imports, those within functions too."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield node.module.split(".")[0]


@pytest.mark.parametrize(("folder", "extras"), FOLDERS.items())
def test_extras_bring_all_that_their_folder_imports(folder, extras):
    brought = set().union(*map(packages_of, extras))
    paths = sorted((REPOSITORY / folder).rglob("*.py"))
    assert paths
    missing = {
        f"{path.relative_to(REPOSITORY)}: {name}"
        for path in paths
        for name in imports_of(path)
        if name not in OURS | set(sys.stdlib_module_names)
        and DISTRIBUTIONS.get(name, BROUGHT.get(name, name)) not in brought
    }
    assert missing == set()


def test_every_package_that_is_named_has_a_version_in_the_constraints():
    lines = (REPOSITORY / "constraints.txt").read_text("utf-8").splitlines()
    pinned = {name_of(line) for line in lines if "==" in line}
    open_ones = (r for group in EXTRAS.values() for r in group if "==" not in r)
    named = set(map(name_of, open_ones)) - {"lapland"}
    named |= {name_of(requirement) for requirement in PROJECT["dependencies"]}
    assert named - pinned == set()
