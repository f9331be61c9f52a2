"""Which models the page has, and which it takes first."""

from lapland.networks import index
from web.build import chosen, roles_of


def test_all_models_of_the_default_family_are_built_in():
    families = {entry.name: entry.weights for entry in index.entries()}
    assert {families[name] for name in chosen()} == {index.default("photo").weights}
    assert set(roles_of(chosen())) == {"photo", "video"}


def test_the_first_default_model_of_a_role_is_its_best():
    photo = index.default("photo").name
    names = ["rcn-1-8", "rcn-1-4-lite-int8", photo]
    assert roles_of(names) == {"photo": photo, "video": "rcn-1-4-lite-int8"}


def test_models_without_a_role_have_none():
    assert roles_of(["rcn-1-8", "mine.onnx"]) == {}
