"""The table of models/README.md, from the files' own metadata: `python -m export.table`."""

from export.cards.blocks import replace_block
from lapland.base.files import write_text
from lapland.networks import index, loading
from training.common.command import as_program
from training.common.paths import REPOSITORY

README = REPOSITORY / "models" / "README.md"
_HEAD = ["| width | precision | parameters | file | NMSE, % | |", "|---|---|---|---|---|---|"]


def model_table() -> str:
    """Markdown rows for every shipped landmark model, a table for each family of weights."""
    tables: dict[str, list[str]] = {}
    default = index.default("photo")
    for entry in index.entries():
        assert entry.path is not None
        info = loading.describe(entry.path)
        kind = "default" if entry == default else ""
        tables.setdefault(entry.weights, []).append(
            f"| [{info.width}]({entry.name}/README.md) | {info.precision} | {info.parameters:,} "
            f"| {info.bytes / 1000:,.0f} KB | {info.nmse['common']:.2f} | {kind} |"
        )
    parts = []
    for family, rows in tables.items():
        terms, package = index.FAMILIES[family]
        title = f'`weights="{family}"`: {terms}, in the package `{package}`'
        parts.append("\n".join([title, "", *_HEAD, *rows]))
    return "\n\n".join(parts) + "\n"


def main() -> None:
    """Rewrites the block between the markers."""
    text = README.read_text(encoding="utf-8")
    new = replace_block(text, "models", model_table())
    write_text(README, new)


if __name__ == "__main__":
    as_program(main)
