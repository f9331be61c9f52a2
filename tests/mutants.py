"""Changes single lines of the SDK and lists the changes that no test notices: `nox -s mutants`.

    python -m tests.mutants --count 60 --seed 1

Draws lines of `sdk/lapland`, changes each by an operator of cosmic-ray (a comparison, a number, an
`and`, ...), and runs tests in a copy of the tree: those of the module, then those of its room, then
those of the promises. A whole run of cosmic-ray or mutmut changes every line, which takes days; a
sample shows where tests are thin. A change may be equivalent, so that no test can notice it: read
the list, and add a test if a caller would notice. Exit status 1 if a change lives.
"""

import argparse
import os
import random
import shutil
import subprocess
import sys
import tempfile
from collections import Counter, defaultdict
from pathlib import Path
from typing import NamedTuple

from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import mutate_code
from cosmic_ray.plugins import get_operator, operator_names

ROOT = Path(__file__).resolve().parents[1]
COPIED = ("sdk", "models", "tests", "training", "export", "benchmarks", "examples", "docs")
KINDS = (
    "ReplaceComparisonOperator",
    "ReplaceBinaryOperator",
    "ReplaceUnaryOperator",
    "NumberReplacer",
    "ReplaceAndWithOr",
    "ReplaceOrWithAnd",
    "ReplaceTrueWithFalse",
    "ReplaceFalseWithTrue",
    "AddNot",
    "ReplaceBreakWithContinue",
    "ReplaceContinueWithBreak",
)
LIMIT = 900  # seconds for the tests of one change; an endless loop ends here


class Change(NamedTuple):
    """One line, changed by one operator.

    Attributes:
        path: module, relative to the root.
        line: number from 1.
        operator: name of cosmic-ray's operator.
        occurrence: which of the places in the module that this operator finds.
    """

    path: str
    line: int
    operator: str
    occurrence: int


def changes_of(path: Path) -> dict[int, list[Change]]:
    """All changes of one module, by line."""
    # `X | None` in an annotation is no arithmetic.
    names = [n for n in operator_names() if n.split("/")[-1].startswith(KINDS) and "BitOr" not in n]
    operators = {name: get_operator(name)() for name in names}
    seen: Counter[str] = Counter()
    found: dict[int, list[Change]] = defaultdict(list)
    for node in ast_nodes(get_ast(path.read_text("utf-8"))):
        for name, operator in operators.items():
            for (line, _), _ in operator.mutation_positions(node):
                relative = path.relative_to(ROOT).as_posix()
                found[line].append(Change(relative, line, name, seen[name]))
                seen[name] += 1
    return found


def sample(count: int, seed: int, folder: Path) -> list[Change]:
    """Changes of different lines, drawn evenly from all lines that can be changed."""
    draw, changes, chosen = random.Random(seed), {}, []
    paths = sorted(folder.rglob("*.py"))
    lines = [(p, n) for p in paths for n in range(1, 1 + len(p.read_text("utf-8").splitlines()))]
    draw.shuffle(lines)
    for path, line in lines:
        if path not in changes:
            changes[path] = changes_of(path)
        if of_line := changes[path].get(line):
            chosen.append(draw.choice(of_line))
        if len(chosen) == count:
            break
    return chosen


def tests_of(path: str, near_only: bool) -> list[list[str]]:
    """Tests that may notice a change of a module, the nearest first; each list is one run."""
    room, module = Path(path).parent.name, Path(path).stem
    near = sorted((ROOT / "tests" / "sdk").glob(f"**/test_{module}.py"))
    rooms = [f"tests/sdk/{room}"] if (ROOT / "tests" / "sdk" / room).is_dir() else []
    last = [["tests/sdk/promises", "tests/sdk/test_detector.py", "tests/sdk/cli"]]
    return [
        *([[p.relative_to(ROOT).as_posix() for p in near]] if near else []),
        *([rooms] if rooms else []),
        *([] if near_only else last),
    ]


def noticed(copy: Path, tests: list[str]) -> str:
    """ "" if the tests pass; else why they do not."""
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *tests]
    try:
        done = subprocess.run(
            command,
            cwd=copy,
            capture_output=True,
            text=True,
            env=os.environ | {"PYTHONPATH": str(copy / "sdk"), "PYTHONDONTWRITEBYTECODE": "1"},
            timeout=LIMIT,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return f"no end within {LIMIT} s"
    failed = [line for line in done.stdout.splitlines() if line.startswith(("FAILED", "ERROR"))]
    return "" if done.returncode == 0 else (failed or ["the tests do not start"])[0]


def judge(change: Change, copy: Path, near_only: bool) -> str:
    """ "" if the change lives; else the test that noticed it. The copy is as before afterwards."""
    target = copy / change.path
    before = target.read_text("utf-8")
    after = mutate_code(before, get_operator(change.operator)(), change.occurrence)
    old, new = before.splitlines()[change.line - 1], after.splitlines()[change.line - 1]
    print(f"{change.path}:{change.line}\n  - {old.strip()}\n  + {new.strip()}", flush=True)
    target.write_text(after, encoding="utf-8")
    try:
        for tests in tests_of(change.path, near_only):
            if why := noticed(copy, tests):
                return why
        return ""
    finally:
        target.write_text(before, encoding="utf-8")


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description=__doc__)
    parser.add_argument("--count", type=int, default=60, help="lines to change")
    parser.add_argument("--seed", type=int, default=0, help="another seed draws other lines")
    parser.add_argument("--folder", type=Path, default=ROOT / "sdk" / "lapland", help="of modules")
    parser.add_argument("--near", action="store_true", help="without the tests of the promises")
    options = parser.parse_args()
    chosen = sample(options.count, options.seed, options.folder.resolve())
    living = 0
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder)
        for name in COPIED:
            shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copy(ROOT / "pyproject.toml", copy)
        for number, change in enumerate(chosen, 1):
            why = judge(change, copy, options.near)
            living += not why
            print(f"  {number} of {len(chosen)}: {why or 'LIVES'}", flush=True)
    print(f"{len(chosen) - living} of {len(chosen)} changes were noticed, {living} live")
    return int(living > 0)


if __name__ == "__main__":
    sys.exit(main())
