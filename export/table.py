"""The table of models/README.md, from the files' own metadata: `python -m export.table`."""

from export.cards.blocks import replace_block
from lapland.base.files import write_text
from lapland.networks import index, loading
from training.common.paths import REPOSITORY

README = REPOSITORY / "models" / "README.md"


def model_table() -> str:
    """Markdown rows for every shipped landmark model."""
    rows = ["| width | precision | parameters | file | NMSE, % | |", "|---|---|---|---|---|---|"]
    for name in index.shipped():
        info = loading.describe(index.folder() / name / "model.onnx")
        chosen = (index.DEFAULT_WIDTH, index.DEFAULT_PRECISION)
        kind = "default" if (info.width, info.precision) == chosen else ""
        rows.append(
            f"| [{info.width}]({name}/README.md) | {info.precision} | {info.parameters:,} "
            f"| {info.bytes / 1000:,.0f} KB | {info.nmse['common']:.2f} | {kind} |"
        )
    return "\n".join(rows) + "\n"


def main() -> None:
    """Rewrites the block between the markers."""
    text = README.read_text(encoding="utf-8")
    new = replace_block(text, "models", model_table())
    write_text(README, new)


if __name__ == "__main__":
    main()
