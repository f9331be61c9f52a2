"""The comparison of processors, without an emulator."""

from pathlib import Path

import pytest

from tests import arm64, isa


def test_differences_are_the_largest_by_model():
    face, moved = [[1.0, 2.0, 0.5], [3.0, 4.0, 0.5]], [[1.0, 2.0, 0.6], [3.3, 4.4, 0.5]]
    report = isa.differences({"a": [face, face, [], face]}, {"a": [face, moved, face, []]})
    missing, distance, scales = report["a"]
    assert missing == 2
    assert distance == pytest.approx(0.5)
    assert scales == pytest.approx(0.1)
    assert isa.differences({"a": [[]]}, {"a": [[]]}) == {"a": (0, 0.0, 0.0)}


def test_what_cannot_be_emulated_is_named(monkeypatch, capsys):
    monkeypatch.setenv("PATH", "")
    assert isa.processors(["Nehalem", "cortex-a72"], None) == {}
    printed = capsys.readouterr().out
    assert "Nehalem: skipped, there is no qemu-x86_64" in printed
    assert "cortex-a72: skipped, there is no qemu-aarch64" in printed


def test_the_python_of_arm_has_a_cpuinfo_of_its_processor(tmp_path):
    for folder in ("root/usr/bin", "root/proc", "site"):
        (tmp_path / folder).mkdir(parents=True)
    for name in ("python3.11", "python3.11-config", "python3"):
        (tmp_path / "root/usr/bin" / name).touch()
    command, env = arm64.command(tmp_path, "cortex-a76")
    assert command[:2] == ["qemu-aarch64", "-L"]
    assert Path(command[-1]).name == "python3.11"
    assert "0xd0b" in (tmp_path / "root/proc/cpuinfo").read_text()
    assert env["PYTHONPATH"].startswith(str(tmp_path / "site"))


def test_all_pictures_have_a_face():
    found = isa.predicted([("300w", "1/4-lite", "int8")], isa.pictures())
    assert [len(rows) for rows in found["300w 1/4-lite int8"]] == [68] * 6
    assert isa.differences(found, found)["300w 1/4-lite int8"] == (0, 0.0, 0.0)
