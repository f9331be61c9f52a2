"""Nothing that is loaded can run code: no pickles of files anywhere in the tree."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
FILES = [
    path
    for folder in ("sdk", "training", "export", "benchmarks", "examples", "tests")
    for path in sorted((ROOT / folder).rglob("*.py"))
]
NAMES = {"load", "loads", "Unpickler", "open"}
LOADERS = {"pickle", "cPickle", "dill", "cloudpickle", "joblib", "shelve", "marshal"}
# No call unpickles without one of these words, so the other files need not be parsed.
WORDS = re.compile("|".join([*LOADERS, "allow_pickle", r"torch\.load"]))


# The weights of MTCNN are a pickle inside the package `mtcnn`, whose code runs anyway. They were
# made into ONNX once; only the test of that, and who does it again, loads them.
KNOWN = {("export/graph/mtcnn.py", "joblib.load")}


def unpickled(source):
    """Calls that unpickle: what they are called, and their line."""
    for node in ast.walk(ast.parse(source)) if WORDS.search(source) else ():
        if not isinstance(node, ast.Call):
            continue
        last = getattr(node.func, "attr", getattr(node.func, "id", ""))
        if last not in NAMES and all(k.arg != "allow_pickle" for k in node.keywords):
            continue
        whole = ast.unparse(node.func)
        first = whole.rpartition(".")[0]
        options = {k.arg: ast.unparse(k.value) for k in node.keywords}
        loader = last in NAMES and first in LOADERS
        torch = whole == "torch.load" and options.get("weights_only") != "True"
        if loader or torch or options.get("allow_pickle", "False") != "False":
            yield whole, node.lineno


def test_no_file_is_unpickled():
    found = {}
    for path in FILES:
        name = path.relative_to(ROOT).as_posix()
        calls = [call for call in unpickled(path.read_text()) if (name, call[0]) not in KNOWN]
        if name.startswith("tests/"):  # what a test has just pickled itself, in memory, is no file
            calls = [call for call in calls if call[0] != "pickle.loads"]
        if calls:
            found[name] = calls
    assert found == {}
    assert len(FILES) > 100


@pytest.mark.parametrize(
    "source",
    [
        "pickle.load(file)",
        "cPickle.load(file)",
        "torch.load(path)",
        "torch.load(path, weights_only=False)",
        "numpy.load(path, allow_pickle=True)",
        "joblib.load(path)",
    ],
)
def test_the_rule_sees_them(source):
    assert list(unpickled(source))


@pytest.mark.parametrize(
    "source", ["torch.load(p, weights_only=True)", "json.load(f)", "np.load(p)", "onnx.load(p)"]
)
def test_the_rule_sees_nothing_else(source):
    assert not list(unpickled(source))
