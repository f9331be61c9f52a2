"""Environments of the peers, `.peers/NAME`: made from their pins, found, and weighed."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from benchmarks.peers.plan import OURS, REPOSITORY, Peer
from lapland.base.files import write_text

_ERRORS = 600  # characters of the message of pip on a failure


def folder() -> Path:
    """The folder of all environments: `.peers` of the repository, or LAPLAND_PEERS."""
    return Path(os.environ.get("LAPLAND_PEERS") or REPOSITORY / ".peers")


def python(peer: Peer) -> Path:
    """The interpreter of a peer's environment."""
    inside = "Scripts/python.exe" if os.name == "nt" else "bin/python"
    return folder() / peer.name / inside


def pins(peer: Peer) -> list[str]:
    """Its requirements, `name==version` each."""
    lines = peer.pins.read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def commands(peer: Peer) -> list[list[str]]:
    """The commands that install it: an environment, then its pins by this interpreter's pip.

    Nothing is resolved: the pins are complete, so an environment is the same today and later.
    """
    venv = [sys.executable, "-m", "venv", "--clear", "--without-pip", str(folder() / peer.name)]
    pip = [sys.executable, "-m", "pip", "--python", str(python(peer)), "install", "--no-deps"]
    steps = [venv, [*pip, "--only-binary", ":all:", *_not_built(peer), "-r", str(peer.pins)]]
    return [*steps, [*pip, str(REPOSITORY)]] if peer is OURS else steps


def _not_built(peer: Peer) -> list[str]:
    """Packages that have no wheel, but hold no code to compile either."""
    names = {pin.split("==")[0] for pin in pins(peer)} & {"face_recognition_models"}
    return ["--no-binary", ",".join(sorted(names))] if names else []


def install(peer: Peer) -> str | None:
    """Installs a peer; None, or why that did not work, which `missing` then says too."""
    folder().mkdir(parents=True, exist_ok=True)
    _record(peer).unlink(missing_ok=True)
    reason = None
    for command in commands(peer):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            lines = [line for line in done.stderr.splitlines() if line.startswith("ERROR")]
            reason = " ".join(lines or done.stderr.split("\n"))[:_ERRORS].strip()
            reason = reason or f"{command[2]} ended with {done.returncode}"
            break
    found = {"pins": pins(peer), "failed": reason}
    if reason is None:
        found["install_mb"] = installed_bytes(peer) / 1e6
    text = json.dumps(found, indent=1) + "\n"
    write_text(_record(peer), text)
    return reason


def missing(peer: Peer) -> str | None:
    """Why a peer cannot run, with a remedy; None if it can."""
    again = f"python -m benchmarks.peers install {peer.name}"
    record = _read(peer)
    if record is None:
        return f"not installed: {again}"
    if record["failed"]:
        return f"could not be installed: {record['failed']}"
    if record["pins"] != pins(peer) or not python(peer).exists():
        return f"its environment is out of date: {again}"
    return None


def install_mb(peer: Peer) -> float | None:
    """Size of its packages, MB, at their installation; None if they are not installed."""
    return None if missing(peer) else float((_read(peer) or {})["install_mb"])


def installed_bytes(peer: Peer) -> int:
    """Size of all files in the environment's site-packages."""
    place = "import sysconfig; print(sysconfig.get_path('purelib'))"
    path = subprocess.run(
        [str(python(peer)), "-c", place], stdout=subprocess.PIPE, text=True, check=True
    ).stdout.strip()
    files = (file for file in Path(path).rglob("*") if file.is_file() and not file.is_symlink())
    return sum(file.stat().st_size for file in files)


def _record(peer: Peer) -> Path:
    return folder() / f"{peer.name}.json"


def _read(peer: Peer) -> dict[str, Any] | None:
    try:
        record: dict[str, Any] = json.loads(_record(peer).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    return record
