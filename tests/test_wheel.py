"""The metadata of the wheel: one OpenCV, and extras whose code is there; files of the sdist."""

from email.parser import Parser

import pytest

from training.common.paths import REPOSITORY

pytest.importorskip("hatchling", reason="builds the wheel: pip install -e '.[dev]'")
from hatchling.builders.sdist import SdistBuilder
from hatchling.builders.wheel import WheelBuilder

from hatch_build import OPENCV, installed, with_opencv
from lapland.measure.commit import git


def metadata(folder, version):
    """The metadata of a wheel that would be built into a folder."""
    builder = WheelBuilder(str(REPOSITORY))
    for hook in builder.get_build_hooks(str(folder)).values():
        hook.initialize(version, {})
    return Parser().parsestr(builder.config.core_metadata_constructor(builder.metadata))


def put(folder, name):
    """A distribution, as `importlib.metadata` finds it."""
    inside = folder / f"{name.replace('-', '_')}-5.0.dist-info"
    inside.mkdir(parents=True)
    (inside / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 5.0\n")


def test_the_wheel_offers_only_extras_whose_code_it_holds(tmp_path):
    found = metadata(tmp_path, "standard")
    assert set(found.get_all("Provides-Extra")) == {"plot", "pandas", "supervision", "ray"}
    assert not [line for line in found.get_all("Requires-Dist") if "torch" in line]


def test_an_editable_install_has_the_extras_for_development(tmp_path):
    found = metadata(tmp_path, "editable")
    assert {"dev", "test", "train", "export", "docs"} <= set(found.get_all("Provides-Extra"))


@pytest.mark.parametrize("name", OPENCV)
def test_the_opencv_of_an_environment_is_found(tmp_path, name):
    assert installed(str(tmp_path)) is None
    put(tmp_path, "numpy")
    put(tmp_path, name)
    assert installed(str(tmp_path)) == name


def test_one_requirement_takes_the_place_of_every_other_opencv():
    given = [
        "numpy>=1.26",
        "opencv-python-headless>=4.10; sys_platform == 'linux'",
        "opencv-python>=4.10; sys_platform != 'linux'",
    ]
    assert with_opencv(given, "opencv-contrib-python") == [
        "numpy>=1.26",
        "opencv-contrib-python>=4.10",
    ]


def test_the_source_distribution_names_every_folder_that_git_has():
    tracked = git(REPOSITORY, "ls-files")
    if tracked is None:
        pytest.skip("needs the repository, and git")
    builder = SdistBuilder(str(REPOSITORY))
    held = {file.relative_path for file in builder.recurse_included_files()}
    expected = [name for name in tracked.splitlines() if "/" in name and not name.startswith(".")]
    assert [name for name in expected if name not in held] == []
