import pytest

from export.cards.blocks import find_block, replace_block

TEXT = "before\n<!-- a -->\nold\n<!-- /a -->\nbetween\n<!-- b -->\n<!-- /b -->\nafter\n"


def test_a_block_is_replaced_and_the_rest_stays():
    new = replace_block(TEXT, "a", "\n| 1 |\\1\n| 2 |\n\n")
    assert new == TEXT.replace("old\n", "| 1 |\\1\n| 2 |\n")
    assert find_block(new, "a") == "| 1 |\\1\n| 2 |\n"
    assert replace_block(new, "a", find_block(new, "a")) == new


def test_an_empty_block_is_filled():
    assert find_block(TEXT, "b") == ""
    assert find_block(replace_block(TEXT, "b", "x"), "b") == "x\n"


@pytest.mark.parametrize("text", ["", TEXT + TEXT, "<!-- a -->\n", "in `<!-- a --> <!-- /a -->`"])
def test_a_document_without_the_one_block_is_an_error(text):
    with pytest.raises(ValueError, match="<!-- a -->"):
        replace_block(text, "a", "x")
