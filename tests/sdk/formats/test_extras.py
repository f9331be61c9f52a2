"""Libraries that are not installed."""

import sys

import pytest

from lapland import LaplandError, MissingExtraError


@pytest.mark.parametrize("name", ["pandas", "supervision"])
def test_a_library_that_is_not_installed_is_named(monkeypatch, faces, name):
    class Hidden:
        def find_spec(self, module, path=None, target=None):
            if module.split(".")[0] == name:
                raise ModuleNotFoundError(f"No module named {module!r}", name=module)

    for module in [module for module in sys.modules if module.split(".")[0] == name]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.setattr("sys.meta_path", [Hidden(), *sys.meta_path])
    with pytest.raises(MissingExtraError, match=rf"pip install 'lapland\[{name}\]'") as caught:
        getattr(faces, f"to_{name}")()
    assert isinstance(caught.value, (LaplandError, ImportError))
