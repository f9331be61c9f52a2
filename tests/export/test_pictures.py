import shutil

import pytest

from export.pictures import redraw
from lapland.networks import index


@pytest.fixture
def folder(tmp_path):
    shipped = index.default("photo").path.parent
    return shutil.copytree(shipped, tmp_path / shipped.name)


def test_picture_and_caption_of_a_card_are_made_again(folder):
    card = folder / "README.md"
    text = card.read_text()
    picture = (folder / "limits.jpg").read_bytes()
    card.write_text(text.replace("![as it is:", "![old caption:"))
    (folder / "limits.jpg").write_bytes(b"")
    redraw(folder)
    assert len((folder / "limits.jpg").read_bytes()) == pytest.approx(len(picture), rel=0.05)
    again = card.read_text()
    assert "![as it is: scale" in again
    # All but the caption stays; its figures may round otherwise on another processor.
    assert again.split("](limits.jpg)")[1] == text.split("](limits.jpg)")[1]


def test_a_card_without_a_picture_is_refused(folder):
    (folder / "README.md").write_text("# A model\n")
    with pytest.raises(ValueError, match="expected one picture"):
        redraw(folder)
