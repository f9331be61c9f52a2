"""Changes single lines of the SDK and lists the changes that no test notices: `nox -s mutants`.

    python -m tests.mutants --count 60 --seed 1 --journal judged.jsonl

Draws lines of `sdk/lapland`, changes each by an operator of cosmic-ray (a comparison, a number, an
`and`, ...), and runs tests in a copy of the tree: those of the module, then those of its room, then
the other tests of the SDK, the quick ones first. A test that also fails without the change notices
nothing. A whole run of cosmic-ray or mutmut changes every line, which takes days; a sample shows
where tests are thin. A change may be equivalent, so that no test can notice it: read the list, and
add a test if a caller would notice. Exit status 1 if a change lives.

With a journal, a run that was stopped goes on: it skips what was noticed already, and judges again
what lived, with the tests of today. `--near` leaves out the tests of other rooms.
"""

import argparse
import functools
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
from collections import Counter, defaultdict
from pathlib import Path
from typing import NamedTuple

import pytest
from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import mutate_code
from cosmic_ray.plugins import get_operator, operator_names

ROOT = Path(__file__).resolve().parents[1]
COPIED = (
    *("sdk", "models", "300w", "tests", "training", "export", "benchmarks", "examples", "docs"),
    *("README.md", "CHANGELOG.md", "pyproject.toml"),
)
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
LIMIT = 900  # seconds for one run of tests; an endless loop ends here, or at the limit of a test
TEST_LIMIT = 300


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


def sample(count: int, seed: int, paths: list[Path]) -> list[Change]:
    """Changes of different lines, drawn evenly from all lines that can be changed."""
    draw, changes, chosen = random.Random(seed), {}, []
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
    files = [p.relative_to(ROOT).as_posix() for p in near]
    own = f"tests/sdk/{room}"
    rooms = [own] if (ROOT / own).is_dir() else []
    seen = [f"--ignore={p}" for p in files + rooms]
    return [
        *([files] if near else []),
        *([[*rooms, *(f"--ignore={p}" for p in files)]] if rooms else []),
        *([] if near_only else [["tests/sdk", "-m", m, *seen] for m in ("quick", "not quick")]),
    ]


def noticed(copy: Path, tests: list[str]) -> str:
    """ "" if the tests pass; else why they do not."""
    command = [sys.executable, "-m", "pytest", "-q", "-x", f"--timeout={TEST_LIMIT}"]
    command += ["-p", "no:cacheprovider", *tests]
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
    if done.returncode in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED):
        return ""
    failed = [line for line in done.stdout.splitlines() if line.startswith(("FAILED", "ERROR"))]
    return (failed or ["the tests do not start"])[0]


@functools.cache
def red_anyway(copy: Path, why: str) -> bool:
    """Whether the test that failed also fails in the unchanged tree."""
    test = why.removeprefix("FAILED ").removeprefix("ERROR ").split(" - ")[0]
    return test.startswith("tests/") and noticed(copy, [test]) != ""


def judge(change: Change, copy: Path, near_only: bool) -> str:
    """ "" if the change lives; else the test that noticed it. The copy is as before afterwards."""
    target = copy / change.path
    before = target.read_text("utf-8")
    after = mutate_code(before, get_operator(change.operator)(), change.occurrence)
    old, new = before.splitlines()[change.line - 1], after.splitlines()[change.line - 1]
    print(f"{change.path}:{change.line}\n  - {old.strip()}\n  + {new.strip()}", flush=True)
    for tests in tests_of(change.path, near_only):
        target.write_text(after, encoding="utf-8")
        try:
            why = noticed(copy, tests)
        finally:
            target.write_text(before, encoding="utf-8")
        if why and red_anyway(copy, why):
            raise SystemExit(f"{why}\nThis test fails without a change too: mend it first.")
        if why:
            return why
    return ""


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description=__doc__)
    parser.add_argument("--count", type=int, default=60, help="lines to change")
    parser.add_argument("--seed", type=int, default=0, help="another seed draws other lines")
    parser.add_argument("--folder", type=Path, default=ROOT / "sdk" / "lapland", help="of modules")
    parser.add_argument("--without", nargs="*", default=[], help="names of modules left out")
    parser.add_argument("--near", action="store_true", help="without the tests of other rooms")
    parser.add_argument("--journal", type=Path, help="file of verdicts, to go on after a stop")
    options = parser.parse_args()
    paths = [
        p for p in sorted(options.folder.resolve().rglob("*.py")) if p.name not in options.without
    ]
    chosen = sample(options.count, options.seed, paths)
    journal = options.journal
    known = {}
    if journal and journal.exists():
        for line in journal.read_text("utf-8").splitlines():
            entry = json.loads(line)
            known[Change(*entry["change"])] = entry["why"]
    living = 0
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder)
        for name in COPIED:
            if (ROOT / name).is_dir():
                left_out = shutil.ignore_patterns("__pycache__")
                shutil.copytree(ROOT / name, copy / name, ignore=left_out)
            else:
                shutil.copy(ROOT / name, copy)
        for number, change in enumerate(chosen, 1):
            if known.get(change):
                continue
            why = judge(change, copy, options.near)
            living += not why
            print(f"  {number} of {len(chosen)}: {why or 'LIVES'}", flush=True)
            if journal:
                with journal.open("a", encoding="utf-8") as file:
                    file.write(json.dumps({"change": change, "why": why}) + "\n")
    print(f"{len(chosen) - living} of {len(chosen)} changes were noticed, {living} live")
    return int(living > 0)


if __name__ == "__main__":
    sys.exit(main())
