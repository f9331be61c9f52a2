"""No subcommand is missing in the documents; `test_blocks.py` holds the other direction."""

import re

import pytest

from lapland.cli.main import main, parser
from tests.documents.blocks import blocks, documents

KNOWN = re.findall(r"^ {4}(\w+)", parser().format_help(), re.MULTILINE)


def test_every_subcommand_stands_in_a_shell_block_of_a_document():
    shells = [b.text for path in documents() for b in blocks(path) if b.language == "sh"]
    shown = set(re.findall(r"^lapland (\w+)", "\n".join(shells), re.MULTILINE))
    assert len(KNOWN) >= 4
    assert set(KNOWN) <= shown


@pytest.mark.parametrize("command", KNOWN)
def test_every_subcommand_describes_itself(command, capsys):
    with pytest.raises(SystemExit) as end:
        main([command, "--help"])
    assert end.value.code == 0
    usage, description, *_ = capsys.readouterr().out.split("\n\n")
    assert usage.startswith(f"usage: lapland {command}")
    assert not description.startswith(("positional arguments:", "options:"))
    assert len(description) > 20  # a sentence
