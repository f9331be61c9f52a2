"""Fenced code blocks of Markdown documents: found, run, and compared with what the page shows.

- ```python blocks of a document share their variables and run in order.
- ```sh blocks are run by bash, in the same folder.
- A ```text block right after one of these is what it prints. `...` in it stands for any text, runs
  of blanks count as one, whole numbers must be equal, numbers with a point may differ by 5 % or by
  1 in their last place: processors and versions of OpenCV differ by less.
- `<!-- not run here: REASON -->` on the line before a block leaves it out. The options of its
  `lapland` and `python -m` commands are still compared with their help.
"""

import re
import shlex
from dataclasses import dataclass, replace
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
RUN = ("python", "sh")
# Data and listings, for readers. `json` is parsed.
SHOWN = ("text", "json", "toml", "xml", "yaml", "dockerfile", "js", "html")

_FENCE = re.compile(
    r"(?:^<!-- not run here: (?P<why>.+?) -->\n)?"
    r"^```(?P<language>\w*)\n(?P<text>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)
_NUMBER = re.compile(r"(?<![\w.])-?\d[\d,]*(?:\.\d+)?(?:e[-+]?\d+)?(?!\w)")
_ANY = "..."


@dataclass(frozen=True)
class Block:
    """A fenced block.

    Attributes:
        document: its file.
        line: the line number of its first line of code.
        language: the word behind the fence.
        text: the code.
        why: the reason why it is not run; empty if it is.
        output: the text that it prints, or None if the page shows none.
    """

    document: Path
    line: int
    language: str
    text: str
    why: str = ""
    output: str | None = None

    @property
    def place(self) -> str:
        return f"{self.document.relative_to(ROOT)}:{self.line}"


def documents() -> list[Path]:
    """Every document that people write; the cards of landmark models are generated."""
    folders = ("docs", "examples", "benchmarks", "training", "tests/fuzz", ".github")
    found = [*ROOT.glob("*.md"), *(ROOT / "models").glob("*.md")]
    found += [ROOT / f"models/{name}/README.md" for name in ("blazeface", "mtcnn", "onestage")]
    found.append(ROOT / "300w/README.md")
    for folder in folders:
        found += (ROOT / folder).rglob("*.md")
    return sorted(path for path in found if path.name != "CHANGELOG.md")


def blocks(document: Path) -> list[Block]:
    """The blocks of a document; one of text that follows a block at once is its output."""
    source = document.read_text(encoding="utf-8")
    found: list[Block] = []
    end = -1
    for match in _FENCE.finditer(source):
        line = source.count("\n", 0, match.start("text")) + 1
        follows = end >= 0 and not source[end : match.start()].strip()
        if match["language"] == "text" and follows and found and found[-1].language in RUN:
            last = found.pop()
            found.append(replace(last, output=match["text"]))
        else:
            why = match["why"] or ""
            found.append(Block(document, line, match["language"], match["text"], why))
        end = match.end()
    return found


def differs(expected: str, found: str) -> str | None:
    """Why printed text is not what a page shows; None if it is."""
    numbers: list[str] = []
    pattern, end = "", 0

    def literal(text: str) -> str:
        parts = [re.sub(r"(\\?\s)+", r"\\s+", re.escape(part)) for part in text.split(_ANY)]
        return ".*?".join(parts)

    for match in _NUMBER.finditer(expected.strip()):
        pattern += literal(expected.strip()[end : match.start()]) + f"({_NUMBER.pattern})"
        numbers.append(match[0])
        end = match.end()
    pattern += literal(expected.strip()[end:])
    got = re.fullmatch(pattern, found.strip(), re.DOTALL)
    if got is None:
        return f"expected\n{expected}\nfound\n{found}"
    for shown, printed in zip(numbers, got.groups(), strict=True):
        if not _near(shown.replace(",", ""), printed.replace(",", "")):
            return f"expected {shown}, found {printed}, in\n{found}"
    return None


def _near(shown: str, printed: str) -> bool:
    if "." not in shown:
        return shown == printed
    places = len(shown.split("e")[0].split(".")[1])
    unit = 10.0**-places * (1 + 1e-9)
    return abs(float(shown) - float(printed)) <= max(0.05 * abs(float(shown)), unit)


def commands(block: Block) -> list[list[str]]:
    """The words of each command of a shell block; variables in front of a command are left out."""
    lines = block.text.replace("\\\n", " ").splitlines()
    words = [shlex.split(line, comments=True) for line in lines]
    parts: list[list[str]] = []
    for line in words:
        parts.append([])
        for word in line:
            if word in ("&&", ";", "|", "||"):
                parts.append([])
            else:
                parts[-1].append(word)
    return [_bare(part) for part in parts if _bare(part)]


def _bare(words: list[str]) -> list[str]:
    while words and re.match(r"\w+=", words[0]):
        words = words[1:]
    return words
