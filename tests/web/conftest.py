"""The built page and the programs that use it; tests are skipped, with the reason, without them."""

import os
import shutil
from pathlib import Path

import pytest

from tests.conftest import ROOT

BUILT = Path(os.environ.get("LAPLAND_WEB") or ROOT / "dist" / "web")


@pytest.fixture(scope="session")
def built():
    """The folder that `python -m web.build` fills."""
    if not (BUILT / "files.js").is_file():
        pytest.skip(f"there is no {BUILT}: `npm ci --prefix web`, then `python -m web.build`")
    return BUILT


@pytest.fixture(scope="session")
def node():
    """The program, with npm's packages beside the module."""
    found = shutil.which("node")
    if found is None:
        pytest.skip("there is no node (apt-get install nodejs npm)")
    if not (ROOT / "web" / "node_modules" / "puppeteer-core").is_dir():
        pytest.skip("npm's packages are not there: `npm ci --prefix web`")
    return found


@pytest.fixture(scope="session")
def chromium():
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    if found is None:
        pytest.skip("there is no chromium (apt-get install chromium)")
    return found
