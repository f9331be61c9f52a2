"""Python with numpy, onnxruntime and OpenCV for arm64 in a folder, run by `qemu-aarch64`.

From Debian's packages and the wheels of PyPI, 110 MB. Nothing foreign is installed: apt keeps its
state in the folder. onnxruntime reads /proc/cpuinfo when it is imported, and dies of that of an
x86; files in the folder come before those of the system.
"""

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

PARTS = {"cortex-a72": "0xd08", "cortex-a76": "0xd0b"}  # CPU part in /proc/cpuinfo
_WHEELS = ("numpy", "onnxruntime", "opencv-python-headless")
_PACKAGES = ("python3", "libpython3-stdlib", "libstdc++6", "libgcc-s1")
_PLATFORMS = ("manylinux2014_aarch64", "manylinux_2_27_aarch64", "manylinux_2_28_aarch64")
_INFO = """processor\t: {number}
Features\t: fp asimd cpuid
CPU implementer\t: 0x41
CPU architecture: 8
CPU variant\t: 0x0
CPU part\t: {part}
CPU revision\t: 3

"""


def missing() -> str | None:
    """What this machine lacks for it; None if it can run."""
    tools = ("qemu-aarch64", "apt-get", "dpkg-deb")
    lacks = [tool for tool in tools if shutil.which(tool) is None]
    return f"there is no {' and no '.join(lacks)}" if lacks else None


def prepared(folder: Path) -> Path:
    """Fetches and unpacks into a folder, unless it is there already."""
    folder = folder.resolve()
    if (folder / "ready").exists():
        return folder
    state, root, wheels = folder / "apt", folder / "root", folder / "wheels"
    for path in (state / "lists/partial", state / "archives/partial", wheels, root / "proc"):
        path.mkdir(parents=True, exist_ok=True)
    (state / "status").touch()  # nothing is installed, so that apt lists all that is needed
    options = {
        "APT::Architecture": "arm64",
        "APT::Architectures": "arm64",
        "APT::Sandbox::User": "root",
        "Debug::NoLocking": "1",
        "Dir::State": str(state),
        "Dir::State::status": str(state / "status"),
        "Dir::Cache": str(state),
    }
    apt = ["apt-get", "-q", *(part for k, v in options.items() for part in ("-o", f"{k}={v}"))]
    install = ("install", "-y", "--download-only", "--no-install-recommends", *_PACKAGES)
    for command in (("update",), install):
        subprocess.run([*apt, *command], check=True, stdout=subprocess.DEVNULL)
    for package in sorted((state / "archives").glob("*.deb")):
        subprocess.run(["dpkg-deb", "-x", str(package), str(root)], check=True)
    platforms = [part for name in _PLATFORMS for part in ("--platform", name)]
    command = [sys.executable, "-m", "pip", "download", "-q", "-d", str(wheels), *platforms]
    version = _python(root).name.removeprefix("python")
    command += ["--only-binary=:all:", "--implementation", "cp", "--python-version", version]
    subprocess.run([*command, *_WHEELS], check=True)
    for wheel in wheels.glob("*.whl"):
        zipfile.ZipFile(wheel).extractall(folder / "site")
    (folder / "ready").touch()
    return folder


def command(folder: Path, processor: str) -> tuple[list[str], dict[str, str]]:
    """The command that runs this Python as on a processor of `PARTS`, and its environment."""
    root = folder / "root"
    rows = (_INFO.format(number=number, part=PARTS[processor]) for number in range(2))
    (root / "proc" / "cpuinfo").write_text("".join(rows), "ascii")
    here = Path(__file__).resolve().parents[1]
    paths = (folder / "site", here, here / "sdk")
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, paths))}
    env["PYTHONDONTWRITEBYTECODE"] = "1"
    env["OPENBLAS_CORETYPE"] = "ARMV8"  # it takes what it cannot tell for more than it is
    return ["qemu-aarch64", "-L", str(root), "-cpu", processor, str(_python(root))], env


def _python(root: Path) -> Path:
    found = [p for p in (root / "usr/bin").glob("python3.*") if p.name[8:].isdecimal()]
    return found[0]
