"""Parts of all generated blocks: the line on the origin, tables, counts."""

from benchmarks.common import results
from benchmarks.common.results import Report


def origin(report: Report) -> str:
    """A line on where figures come from."""
    head = report["header"]
    commit = f", commit {head['commit']}" if head["commit"] else ""
    load = "" if head["load"] is None else f", load {head['load']:.1f}"
    return f"*{results.processor(head)}; {head['date'][:10]}{commit}{load}.*"


def markdown(head: list[str], rows: list[list[str]], words: int = 1) -> str:
    """A table; so many columns are of words, the others of figures."""
    marks = ["---"] * words + ["---:"] * (len(head) - words)
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (head, marks, *rows))


def threads(number: int) -> str:
    """One thread, 2 threads."""
    return counted(number, "thread")


def counted(number: int, noun: str) -> str:
    """1 photo, 2 photos, 10,000 photos."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
