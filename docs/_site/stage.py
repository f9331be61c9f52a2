"""Puts the pages of the site into one folder: `python docs/_site/stage.py OUT`.

Documents lie beside their subject in the repository, and their links work there. For the site
README.md becomes the first page, `benchmarks/README.md` another, and so on. Links become links of
the site, formulas become MathML, which browsers draw themselves, and `<!-- help: predict -->`
becomes the help of that command. The result is plain Markdown, for any site generator.
"""

import posixpath
import re
import shutil
import subprocess
import sys
from pathlib import Path

from latex2mathml.converter import convert

ROOT = Path(__file__).resolve().parents[2]
# File of the repository -> page of the site, besides those of `docs`.
PAGES = {
    "README.md": "index.md",
    "examples/README.md": "examples.md",
    "training/README.md": "training.md",
    "CONTRIBUTING.md": "contributing.md",
    "CHANGELOG.md": "changelog.md",
    "SECURITY.md": "security.md",
    "benchmarks/README.md": "benchmarks/index.md",
    "benchmarks/peers/README.md": "benchmarks/peers.md",
    "models/README.md": "models/index.md",
}
PICTURES = (".png", ".jpg", ".svg")
_LINK = re.compile(r"(!?)\[((?:[^\[\]]|\[[^\]]*\])*)\]\(([^)\s]+)\)")
_CODE = re.compile(r"(^```.*?^```$|`[^`\n]+`)", re.MULTILINE | re.DOTALL)
_MATHS = re.compile(r"\$([^$\n][^$]*?)\$")
_HELP = re.compile(r"^<!-- help: ?(.*?) -->$", re.MULTILINE)


def pages() -> dict[str, str]:
    """File of the repository -> page, all of them."""
    cards = sorted((ROOT / "models").glob("*/README.md"))
    docs = ROOT / "docs"
    own = sorted(docs.rglob("*.md"))
    return {
        **PAGES,
        **{card.relative_to(ROOT).as_posix(): f"models/{card.parent.name}.md" for card in cards},
        **{f"docs/{name}": name for name in (p.relative_to(docs).as_posix() for p in own)},
    }


def staged(source: str, known: dict[str, str]) -> tuple[str, dict[str, str]]:
    """The Markdown of a page, and the pictures that it shows: file -> place in the site."""
    here, folder = known[source], posixpath.dirname(source)
    shown: dict[str, str] = {}

    def moved(match: re.Match[str]) -> str:
        mark, text, target = match.groups()
        path, hash_, anchor = target.partition("#")
        if "://" in target or not path:
            return match[0]
        file = posixpath.normpath(posixpath.join(folder, path))
        place = known.get(file) or known.get(f"{file}/README.md")
        if mark or file.endswith(PICTURES):
            place = shown[file] = f"pictures/{file}"
        if place is None:
            return text  # a file that the site does not have
        link = posixpath.relpath(place, posixpath.dirname(here) or ".")
        return f"{mark}[{text}]({link}{hash_}{anchor})"

    parts = _CODE.split((ROOT / source).read_text(encoding="utf-8"))
    parts[::2] = [_MATHS.sub(lambda m: convert(m[1]), part) for part in parts[::2]]
    # Links last, and over all: code may stand in their texts.
    text = "".join(parts)
    fences = re.split(r"(^```.*?^```$)", text, flags=re.MULTILINE | re.DOTALL)
    fences[::2] = [_LINK.sub(moved, part) for part in fences[::2]]
    return _HELP.sub(lambda match: help_of(match[1]), "".join(fences)), shown


def stage(out: Path) -> list[str]:
    """Fills a folder, and returns the names of its pages."""
    shutil.rmtree(out, ignore_errors=True)
    known = pages()
    for source, page in known.items():
        text, shown = staged(source, known)
        for file, place in {**{page: page}, **shown}.items():
            (out / place).parent.mkdir(parents=True, exist_ok=True)
            if file != page:
                shutil.copyfile(ROOT / file, out / place)
        (out / page).write_text(text, encoding="utf-8")
    for name in ("extra.css", "iframe-worker.js"):
        shutil.copyfile(ROOT / "docs/_site" / name, out / name)
    return sorted(known.values())


def help_of(words: str) -> str:
    """The help of a command, as a block."""
    command = [sys.executable, "-m", "lapland", *words.split(), "--help"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return f"```text\n{done.stdout}```"


if __name__ == "__main__":
    stage(Path(sys.argv[1]))
