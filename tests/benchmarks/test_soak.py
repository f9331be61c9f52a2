"""The soak, in short: it runs every entry, and tells what grows from what does not."""

import json
import os

import numpy as np
import pytest

from benchmarks import soak
from lapland.networks import index

CALLS = list(range(1000, 101_000, 1000))


def noisy(slope, seed=0):
    """Memory of a hundred rounds, with noise that lasts for some of them."""
    rng = np.random.default_rng(seed)
    steps = np.convolve(rng.normal(0, 1, 104), np.ones(5) / 5, "valid")
    return (150 + slope * np.array(CALLS) / 10_000 + steps).tolist()


@pytest.mark.parametrize("seed", range(5))
def test_a_leak_is_seen_and_noise_is_not(seed):
    found = soak.slope(CALLS, noisy(1.0, seed))
    assert found["low"] > 0
    assert found["low"] < 1 < found["high"]
    level = soak.slope(CALLS, noisy(0.0, seed))
    assert level["low"] < 0.15  # what 95 % may miss is not much
    assert level["high"] > -0.15


def test_a_hundred_calls_cover_every_entry():
    mix = soak.Mix(index.default("video").width)
    calls = mix.calls()
    assert len(calls) == soak.MIX
    assert {len(call()) for call in calls} >= {0, 1, 2, 9}
    mix.close()


def test_a_disturbance_finds_its_faces(monkeypatch):
    # One in the photo, one in most of twelve frames, one by each of the detectors.
    monkeypatch.setattr(soak, "_DETECTORS", 3)
    assert 8 <= soak.disturb(index.default("video").width, 1) <= 16


@pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="counts open files in /proc")
def test_a_short_soak_leaves_nothing_behind(tmp_path, capsys, monkeypatch):
    # Some calls of each round, short lives of few detectors: the tests above have all of both.
    whole = soak.Mix.calls
    monkeypatch.setattr(soak.Mix, "calls", lambda mix: whole(mix)[::7])
    monkeypatch.setattr(soak, "_BLOCK", 1)
    monkeypatch.setattr(soak, "_DETECTORS", 1)
    monkeypatch.setattr(soak, "_SIZES", (1.0, 0.5))
    paths = [tmp_path / name for name in ("soak.json", "soak.png")]
    soak.main(
        [
            *("--calls", "500", "--rounds", "5", "--megapixels", "1"),
            *("--json", str(paths[0]), "--plot", str(paths[1])),
        ]
    )
    record = json.loads(paths[0].read_text())
    assert record["open_first"] == record["open_last"]
    assert record["calls"][-1] == 500
    assert len(record["ms"]) == len(record["resident_mb"]) == 5
    assert paths[1].read_bytes().startswith(b"\x89PNG")
    assert "left open" in capsys.readouterr().out
    with pytest.raises(SystemExit, match="expected 4 rounds or more"):
        soak.main(["--calls", "100"])
