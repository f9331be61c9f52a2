"""Plans of installing and what is said of environments, without network."""

import json
import re
import sys

import pytest

from benchmarks.peers import __main__ as command
from benchmarks.peers import environment, measure, plan

PIN = re.compile(r"[A-Za-z0-9._-]+==[0-9][0-9A-Za-z.]*")


@pytest.fixture(autouse=True)
def nothing_installed(tmp_path, monkeypatch):
    monkeypatch.setenv("LAPLAND_PEERS", str(tmp_path / "peers"))


@pytest.mark.parametrize("peer", plan.PEERS, ids=lambda peer: peer.name)
def test_every_package_of_an_environment_is_pinned(peer):
    pins = environment.pins(peer)
    assert pins
    assert all(PIN.fullmatch(pin) for pin in pins)
    names = [pin.split("==")[0].lower().replace("_", "-") for pin in pins]
    assert len(set(names)) == len(names)
    if peer is not plan.OURS:
        aliases = {"dlib": "dlib-bin"}
        assert aliases.get(peer.name, peer.name) in names
    assert "numpy" in names  # which serve.py imports


@pytest.mark.parametrize("peer", plan.PEERS, ids=lambda peer: peer.name)
def test_an_install_goes_into_its_own_folder_and_resolves_nothing(peer, tmp_path):
    venv, *pips = environment.commands(peer)
    assert venv[0] == sys.executable
    assert venv[-1] == str(tmp_path / "peers" / peer.name)
    for pip in pips:
        assert "--no-deps" in pip
        assert str(environment.python(peer)) in pip
    assert str(peer.pins) in pips[0]
    assert len(pips) == (2 if peer is plan.OURS else 1)


def test_a_failed_install_is_told_and_remembered(monkeypatch):
    [peer] = plan.named(["dlib"])
    fails = [sys.executable, "-c", "import sys; sys.exit('ERROR: no wheel for this Python')"]
    monkeypatch.setattr(environment, "commands", lambda peer: [fails])
    assert environment.install(peer) == "ERROR: no wheel for this Python"
    assert environment.missing(peer) == "could not be installed: ERROR: no wheel for this Python"
    with pytest.raises(SystemExit, match="dlib"):
        command.main(["install", "dlib"])


def test_an_installed_environment_is_weighed(monkeypatch):
    [peer] = plan.named(["dlib"])
    make = environment.commands(peer)[0]
    monkeypatch.setattr(environment, "commands", lambda peer: [make])
    assert environment.install(peer) is None
    assert environment.missing(peer) is None
    assert environment.install_mb(peer) == 0  # of nothing but a Python
    record = environment.folder() / "dlib.json"
    found = json.loads(record.read_text(encoding="utf-8"))
    record.write_text(json.dumps(found | {"pins": ["dlib-bin==1"]}), encoding="utf-8")
    assert "out of date: python -m benchmarks.peers install dlib" in str(environment.missing(peer))


def test_what_is_not_installed_is_skipped_with_the_command_that_installs_it():
    rows, skipped = measure.entries(plan.PEERS)
    assert [row.name for row in rows] == [row.name for row in plan.OURS.rows]
    assert {row.python for row in rows} == {sys.executable}
    assert set(skipped) == {peer.name for peer in plan.RIVALS}
    assert skipped["dlib"] == "not installed: python -m benchmarks.peers install dlib"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["install", "nobody"], "no peer 'nobody'; there are lapland, mediapipe"),
        (["run", "--peers", "insightface"], "insightface is left out: its wheel holds no weights"),
        (["run", "--rows", "lapland 2"], "no row 'lapland 2' can be measured; there are lapland; "),
        (["run", "--accuracy-only"], "--data 300W-FOLDER"),
        (["run", "--onnx", "a.onnx"], "--onnx needs --adapter"),
        (["run", "--data", "nowhere"], "nowhere"),
    ],
)
def test_wrong_commands_say_what_was_expected(arguments, says):
    with pytest.raises(SystemExit, match=says):
        command.main(arguments)
