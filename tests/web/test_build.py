"""Which models the page has, which it takes first, and the numbers of the detector."""

import re

import pytest

from lapland.networks import index
from web.build import LARGEST, WEB, chosen, roles_of, write_detection


def test_the_models_of_the_default_family_are_built_in_but_those_too_large():
    family = index.default("photo").weights
    own = {entry.name for entry in index.entries() if entry.weights == family}
    small = {name for name in own if index.path(name).stat().st_size <= LARGEST}
    assert set(chosen()) == small
    assert "open-1-2-lite" in small
    assert "open-1-2" in own - small
    assert set(roles_of(chosen())) == {"photo", "video"}


def test_the_first_default_model_of_a_role_is_its_best():
    photo = index.default("photo").name
    names = ["rcn-1-8", "rcn-1-4-lite-int8", photo]
    assert roles_of(names) == {"photo": photo, "video": "rcn-1-4-lite-int8"}


def test_models_without_a_role_have_none():
    assert roles_of(["rcn-1-8", "mine.onnx"]) == {}


@pytest.mark.parametrize("module", ["detection", "merging", "agreement"])
def test_the_module_repeats_no_number_of_the_sdk(module):
    text = (WEB / "lapland" / f"{module}.js").read_text("utf-8")
    assert not re.findall(r"^const [^=]*\b[A-Z][A-Z_]+\b[^=]*=.*", text, re.MULTILINE)


def test_the_module_knows_all_numbers_of_the_detector(tmp_path):
    (tmp_path / "models").mkdir()
    (tmp_path / "licences").mkdir()
    written = write_detection(tmp_path / "models")
    parts = {"detection": written}
    for module in ("blazeface", "onestage", "agreement"):
        parts[module] = written[module]
    for module, numbers in parts.items():
        text = (WEB / "lapland" / f"{module}.js").read_text("utf-8")
        known = re.findall(r"@property \{.*\} (\w+)", text)
        assert sorted(known) == sorted(numbers), module
