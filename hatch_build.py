"""Requirements of a wheel: the OpenCV that is there, and no extras whose code it does not hold.

Four distributions bring the module `cv2`, and pip does not know that they are one: a second one
writes over the first, and takes it along when it is uninstalled. A requirement cannot say "one of
them". So an installation from this folder takes the one that its environment has, and a wheel that
is built apart from any (`python -m build`, uv) has the requirement of `pyproject.toml`.
"""

import re
import sysconfig
from importlib.metadata import distributions
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

OPENCV = (
    "opencv-python-headless",
    "opencv-python",
    "opencv-contrib-python-headless",
    "opencv-contrib-python",
)
# For people who develop. The others need nothing but the package.
SOURCE_ONLY = ("train", "export", "blazeface", "teacher", "test", "docs", "fuzz", "dev")


class WheelMetadata(BuildHookInterface):
    """Changes the metadata of the wheel that is about to be built."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Called by hatchling; `version` is `standard`, or `editable` for `pip install -e`."""
        core = self.metadata.core
        if version == "standard":
            for extra in SOURCE_ONLY:
                core.optional_dependencies.pop(extra)
            opencv = installed(sysconfig.get_path("purelib"))
        else:
            # The tests open windows, and supervision asks for this one.
            opencv = installed(sysconfig.get_path("purelib")) or "opencv-python"
        if opencv:
            core.dependencies[:] = with_opencv(core.dependencies, opencv)


def installed(folder: str) -> str | None:
    """The name of the OpenCV in an environment's site-packages, if there is one."""
    names = {d.metadata["Name"].lower().replace("_", "-") for d in distributions(path=[folder])}
    return next((name for name in OPENCV if name in names), None)


def with_opencv(requirements: list[str], name: str) -> list[str]:
    """The requirements with this OpenCV, of the same versions, in place of the others."""
    kept = [line for line in requirements if not line.startswith("opencv")]
    replaced = [line for line in requirements if line.startswith("opencv")]
    versions = {re.sub(r"^[\w-]+|;.*|\s", "", line) for line in replaced}
    return sorted([*kept, *(name + bounds for bounds in versions)])
