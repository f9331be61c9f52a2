"""Training that is killed, by SIGKILL and at any moment, ends as if it had not been."""

import json
import os
import subprocess
import sys

import pytest
import torch
from safetensors.torch import load_file

from tests.drawn_faces import write_folder
from tests.processes import PATIENCE
from training.recipes import checkpoint

# In a Python of its own, which has imported torch once; each run is a process that it forks.
DRIVER = """
import dataclasses, faulthandler, os, random, signal, sys, time, traceback
from pathlib import Path
import matplotlib.pyplot, torch  # before the forks, so once
from lapland.schemes.ibug68 import IBUG68
from tests.training.runs.test_trainer import SMALL
from training.data import detected
from training.data.readers import read_faces
from training.runs import trainer

data, out = map(Path, sys.argv[1:])

def run(folder, watch=lambda: None):
    child = os.fork()
    if child:
        return child
    faulthandler.dump_traceback_later(600, exit=True)
    try:
        torch.set_num_threads(1)
        read = lambda name: read_faces(data, IBUG68, data / f"splits/{name}.txt")
        faces = [detected.add_detected(read(name), out / "cache") for name in ("train", "val")]
        watch()
        recipe = dataclasses.replace(SMALL, epochs=2, evaluate_every=1)
        trainer.Trainer(recipe, *faces, folder).run()
    except BaseException:
        traceback.print_exc()
        os._exit(1)
    os._exit(0)

def ended(child):
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])

def dies_at(number, after):
    # Just before, or just after, a file takes its name: between any two of what a run writes.
    replace, seen = Path.replace, []
    def counted(part, path):
        seen.append(path)
        if len(seen) == number and not after:
            os.kill(os.getpid(), signal.SIGKILL)
        result = replace(part, path)
        if len(seen) == number:
            os.kill(os.getpid(), signal.SIGKILL)
        return result
    Path.replace = counted

begin = time.perf_counter()
assert ended(run(out / "whole")) == 0
whole = time.perf_counter() - begin
kills = []
for number, after in ((1, False), (2, True), (5, False)):
    kills.append(ended(run(out / "killed", lambda: dies_at(number, after))))
rng = random.Random(0)
for _ in range(1):
    child = run(out / "random")
    time.sleep(whole * rng.uniform(0.02, 0.7))
    os.kill(child, signal.SIGKILL)
    kills.append(ended(child))
for name in ("killed", "random"):
    assert ended(run(out / name)) == 0
print(sum(code == -9 for code in kills))
"""


@pytest.mark.skipif(os.name != "posix", reason="kills by signals")
def test_a_run_that_was_killed_again_and_again_ends_with_the_same_bits(tmp_path, request):
    data = write_folder(tmp_path / "faces", 12)
    done = subprocess.run(
        [sys.executable, "-c", DRIVER, str(data), str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE,
        cwd=request.config.rootpath,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout.splitlines()[-1]) >= 3, "too few were killed for this to be a test"

    def rows(folder):
        lines = (folder / "history.jsonl").read_text().splitlines()
        return [{k: v for k, v in json.loads(line).items() if k != "seconds"} for line in lines]

    whole = tmp_path / "whole"
    for folder in (tmp_path / "killed", tmp_path / "random"):
        assert sorted(os.listdir(folder)) == sorted(os.listdir(whole))  # and no half file
        assert rows(folder) == rows(whole)
        states = [checkpoint.load_state(f / "last.pt") for f in (folder, whole)]
        for part in ("net", "averaged"):
            for name, tensor in states[1][part].items():
                assert torch.equal(states[0][part][name], tensor), name
        best = [load_file(f / "best.safetensors") for f in (folder, whole)]
        assert all(torch.equal(best[0][name], tensor) for name, tensor in best[1].items())
