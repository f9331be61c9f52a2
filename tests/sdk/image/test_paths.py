"""Texts that name no file: the reason, and a remedy."""

import pytest

from lapland.image.paths import missing


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("nobody.jpg", "nobody.jpg: there is no such file"),
        ("https://example.org/a.jpg", "https://example.org/a.jpg: lapland reads files"),
        ("https:/example.org/a.jpg", "https://example.org/a.jpg: lapland reads files"),
        ("file:///home/a.jpg", "pass the path alone, without file://"),
        ("~/a.jpg", "~ is expanded by os.path.expanduser"),
        ("'a.jpg'", "the quotes are taken for a part of its name"),
        ("photos/*.jpg", "wildcards are expanded by glob.glob"),
        ("data:image/png;base64,iVBORw0KGgo", "pass base64.b64decode"),
        ("iVBORw0KGgo" * 40, "pass base64.b64decode"),
        ("C:/photos/a.jpg", "C:/photos/a.jpg: there is no such file"),
    ],
)
def test_the_reason_is_named(text, words):
    assert words in missing(text)


def test_a_space_around_the_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.jpg").write_bytes(b"")
    assert "without the space around its name" in missing(" a.jpg")
    assert missing(" b.jpg") == " b.jpg: there is no such file"


def test_long_texts_are_cut():
    assert len(missing("a" * 5000)) < 300
    assert len(missing("https://" + "a" * 5000)) < 300
