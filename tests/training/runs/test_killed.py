"""Training in processes of its own: killed by SIGKILL at every kind of moment, and two at once."""

import json
import os
import socket
import subprocess
import sys

import pytest
import torch
from safetensors.torch import load_file

from tests.drawn_faces import write_folder
from tests.processes import PATIENCE
from training.recipes import checkpoint

pytestmark = pytest.mark.skipif(os.name != "posix", reason="kills by signals")

# In a Python of its own, which has imported all once; each run is a process that it forks.
DRIVER = """
import dataclasses, faulthandler, os, signal, sys, traceback
from pathlib import Path
import torch  # before the forks, so once
from lapland.base.files import write_whole
from lapland.schemes.ibug68 import IBUG68
from tests.training.runs.small import SMALL
from training import train
from training.data import detected
from training.data.readers import read_faces
from training.runs import trainer

data, out = map(Path, sys.argv[1:3])
# A curve takes as long as an epoch, and here it only counts that a file is written whole.
trainer.draw_learning_curve = lambda history, path: write_whole(path, repr(history).encode())
torch.optim.Adam([torch.zeros(1)])  # the first one imports the compiler, which takes a second
read = lambda name: read_faces(data, IBUG68, data / f"splits/{name}.txt")
faces = [detected.add_detected(read(name), out / "cache") for name in ("train", "val")]

def forked(work):
    child = os.fork()
    if child:
        return child
    faulthandler.dump_traceback_later(600, exit=True)
    try:
        torch.set_num_threads(1)
        work()
    except BaseException:
        traceback.print_exc()
        os._exit(1)
    os._exit(0)

def run(folder, watch=lambda: None):
    def work():
        watch()
        recipe = dataclasses.replace(SMALL, epochs=2, evaluate_every=1)
        trainer.Trainer(recipe, *faces, folder).run()
    return forked(work)

def dies_in_a_step(number):
    # Between any two files: half way through the work of an epoch.
    losses, seen = trainer.Objective.losses, []
    def counted(*arguments):
        seen.append(1)
        if len(seen) == number:
            os.kill(os.getpid(), signal.SIGKILL)
        return losses(*arguments)
    trainer.Objective.losses = counted

def one_of_two(rank):
    # As torch.distributed.run starts it.
    def work():
        os.environ |= {"RANK": str(rank), "LOCAL_RANK": str(rank), "WORLD_SIZE": "2"}
        os.environ |= {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": sys.argv[3]}
        detected.CACHE = out / "cache"
        given = ["--data", str(data), "--out", str(out / "two")]
        for setting in ("width=1/16", "stride=2", "epochs=1", "batch=4", "evaluate_every=1"):
            given += ["--set", setting]
        train.main(given)
    return forked(work)

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

assert ended(run(out / "whole")) == 0
kills = []
for number, after in ((1, False), (2, True)):
    kills.append(ended(run(out / "killed", lambda: dies_at(number, after))))
kills.append(ended(run(out / "killed", lambda: dies_in_a_step(2))))
kills.append(ended(run(out / "killed", lambda: dies_at(5, False))))
assert ended(run(out / "killed")) == 0
pair = [one_of_two(rank) for rank in (0, 1)]
assert [ended(child) for child in pair] == [0, 0]
print("killed", sum(code == -9 for code in kills))
"""


@pytest.fixture(scope="module")
def driven(tmp_path_factory, request):
    """The folder of all runs, and how many of them were killed."""
    out = tmp_path_factory.mktemp("runs")
    data = write_folder(out / "faces", 12)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    done = subprocess.run(
        [sys.executable, "-c", DRIVER, str(data), str(out), str(port)],
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE,
        cwd=request.config.rootpath,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    assert done.returncode == 0, done.stderr
    return out, int(done.stdout.splitlines()[-1].removeprefix("killed "))


def test_a_run_that_was_killed_again_and_again_ends_with_the_same_bits(driven):
    out, kills = driven
    assert kills == 4, "too few were killed for this to be a test"

    def rows(folder):
        lines = (folder / "history.jsonl").read_text().splitlines()
        return [{k: v for k, v in json.loads(line).items() if k != "seconds"} for line in lines]

    folder, whole = out / "killed", out / "whole"
    assert sorted(os.listdir(folder)) == sorted(os.listdir(whole))  # and no half file
    assert rows(folder) == rows(whole)
    states = [checkpoint.load_state(f / "last.pt") for f in (folder, whole)]
    for part in ("net", "averaged"):
        for name, tensor in states[1][part].items():
            assert torch.equal(states[0][part][name], tensor), name
    best = [load_file(f / "best.safetensors") for f in (folder, whole)]
    assert all(torch.equal(best[0][name], tensor) for name, tensor in best[1].items())


def test_two_processes_train_together(driven):
    """Each takes half of every batch, and one of them writes the files."""
    out, _ = driven
    rows = [json.loads(line) for line in (out / "two/history.jsonl").read_text().splitlines()]
    assert len(rows) == 1
    _, _, facts = checkpoint.load_weights(out / "two/best.safetensors")
    assert facts["training_faces"] == 9
    assert facts["hardware"].startswith("2 CPU")
