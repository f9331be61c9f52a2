"""Generated parts of documents, between the lines `<!-- NAME -->` and `<!-- /NAME -->`."""

import re


def find_block(text: str, name: str) -> str:
    """The text between the markers of a name, with its last line break.

    Raises:
        ValueError: the text has not exactly one such block.
    """
    return _only(text, name).group(2)


def replace_block(text: str, name: str, table: str) -> str:
    """The text with a table between the markers of a name.

    Args:
        text: a whole document.
        name: name of the block, as in `<!-- name -->`; both markers stand alone on their lines.
        table: Markdown; line breaks about it do not matter.

    Raises:
        ValueError: the text has not exactly one such block.
    """
    found = _only(text, name)
    start, end = found.span(2)
    return f"{text[:start]}{table.strip()}\n{text[end:]}"


def _only(text: str, name: str) -> re.Match[str]:
    marker = re.escape(name)
    pattern = rf"^(<!-- {marker} -->\n)(.*?)^<!-- /{marker} -->$"
    found = list(re.finditer(pattern, text, re.DOTALL | re.MULTILINE))
    if len(found) != 1:
        raise ValueError(
            f"expected one block between lines <!-- {name} --> and <!-- /{name} -->, "
            f"found {len(found)}"
        )
    return found[0]
