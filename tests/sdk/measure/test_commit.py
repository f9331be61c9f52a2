"""The commit that files of results name."""

import re

import pytest

from lapland.measure.commit import commit, git


def test_it_is_that_of_the_repository():
    found = commit()
    assert found is None or re.fullmatch(r"[0-9a-f]{12}(-dirty)?", found)


def test_an_installed_package_has_none(tmp_path):
    assert commit(tmp_path) is None


def test_changes_of_package_and_models_make_it_dirty(tmp_path):
    if git(tmp_path, "--version") is None:
        pytest.skip("git is not installed")
    name = ("-c", "user.name=A", "-c", "user.email=a@b.c")
    (tmp_path / "sdk").mkdir()
    (tmp_path / "sdk" / "a.py").write_text("a")
    git(tmp_path, "init")
    assert commit(tmp_path) is None  # no commit yet
    git(tmp_path, "add", ".")
    git(tmp_path, *name, "commit", "-m", "one")
    clean = commit(tmp_path)
    (tmp_path / "notes").write_text("elsewhere")
    assert re.fullmatch(r"[0-9a-f]{12}", clean)
    assert commit(tmp_path) == clean
    (tmp_path / "sdk" / "a.py").write_text("b")
    assert commit(tmp_path) == f"{clean}-dirty"
