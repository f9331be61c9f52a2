"""Trains the network that finds small faces: `python -m training.detector`.

    python -m training.detector --data FACES --train LIST --val LIST --backgrounds PHOTOS --out RUN

FACES are photos with `.pts` files of 68 points; PHOTOS have no faces. Scenes are drawn anew all the
time, and each serves a few steps. The rate rises, stays, and falls in the last quarter of all
steps. A killed run goes on from its last state; with other `--steps` it ends sooner or later.
`weights.safetensors` has the mean of recent weights, which `python -m export.onestage` reads.
"""

import argparse
import time
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from lapland.schemes.ibug68 import IBUG68
from training.common.command import as_program
from training.data.readers import SUFFIXES, read_faces
from training.finding.checkpoint import load_weights
from training.finding.pool import Pool
from training.finding.run import Run
from training.finding.scenes import Scenes
from training.finding.validation import validate


def main(arguments: list[str] | None = None) -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m training.detector", description=__doc__)
    parser.add_argument("--data", type=Path, nargs="+", required=True, help="folders of faces")
    parser.add_argument("--train", type=Path, required=True, help="list of faces")
    parser.add_argument("--val", type=Path, required=True, help="list of faces")
    parser.add_argument("--backgrounds", type=Path, help="photos without faces")
    parser.add_argument("--out", type=Path, required=True, help="folder of the run")
    parser.add_argument("--turned", action="store_true", help="faces turned by any angle")
    parser.add_argument("--start", type=Path, help="weights that the run begins with")
    parser.add_argument("--steps", type=int, default=60000)
    parser.add_argument("--batch", type=int, default=16, help="scenes in a step")
    parser.add_argument("--rate", type=float, default=3e-3)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--every", type=int, default=500, help="steps between reports")
    parser.add_argument("--val-scenes", type=int, default=240, help="scenes of a report")
    options = parser.parse_args(arguments)
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    try:
        photos = _photos(options.backgrounds) if options.backgrounds else []
        # Both draw on the same backgrounds; only the faces are apart.
        train, val = (
            Scenes(read_faces(options.data, IBUG68, names), photos, turned=options.turned)
            for names in (options.train, options.val)
        )
        start = load_weights(options.start)[0] if options.start else None
    except (OSError, ValueError) as error:
        raise SystemExit(f"training.detector: {error}") from None
    # Always the same scenes, so that reports of one run and of others compare.
    chance = np.random.default_rng(1)
    kept = [val.draw(chance) for _ in range(options.val_scenes)]
    # Continues from the state in its folder, if there is one.
    run = Run(options.out, steps=options.steps, most=options.rate, seed=options.seed, start=start)
    pool = Pool(train, batch=options.batch, seed=options.seed)
    parts: list[dict[str, float]] = []  # losses since the last report
    began = time.process_time()
    while run.step < options.steps:
        # Scenes follow from the number of the step: a continued run sees those of a whole one.
        parts.append(run.learn(pool.at(run.step)))
        if run.step % options.every == 0 or run.step == options.steps:
            facts = validate(run.averaged(), kept)  # with the mean weights, which are exported
            run.save(facts)
            means = {k: round(float(np.mean([p[k] for p in parts])), 3) for k in parts[0]}
            taken = (time.process_time() - began) / len(parts)
            print(f"step {run.step}: {means} {facts} {taken:.2f} s a step", flush=True)
            parts, began = [], time.process_time()


def _photos(folder: Path) -> list[NDArray[np.uint8]]:
    """The photos below a folder."""
    files = sorted(path for path in folder.rglob("*") if path.suffix in SUFFIXES)
    if not files:
        raise ValueError(f"{folder}: expected photos without faces, found none")
    photos = [cv2.imread(str(file), cv2.IMREAD_COLOR) for file in files]
    for file, photo in zip(files, photos, strict=True):
        if photo is None:
            raise ValueError(f"{file}: expected an image")
    return photos


if __name__ == "__main__":
    as_program(main)
