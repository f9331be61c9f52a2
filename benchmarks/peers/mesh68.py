"""The vertices of MediaPipe's mesh that stand for the 68 landmarks, and how they were chosen.

    python -m benchmarks.peers.mesh68 --data 300w

The mesh has no landmark that is called, say, "third of the jaw". Each of the 68 becomes the vertex
that lies nearest to it in the mean over faces of 300-W that take part in no test (its training
split): the best choice for MediaPipe, for points of the same name and for the jaw. There the mesh
ends elsewhere on the cheek than annotators clicked, so tables also give the error of the 51 others.
"""

import argparse
import tempfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.peers import environment, photos, plan, score
from benchmarks.peers.process import Worker

# fmt: on


def nearest(meshes: NDArray[np.float64], truths: NDArray[np.float64]) -> list[int]:
    """The vertex nearest to each landmark.

    Args:
        meshes: (F, V, 2) found in F photos.
        truths: (F, K, 2) annotated in them.

    Returns:
        K indices of vertices: of the least mean distance, in inter-ocular ones, over the faces.
    """
    total = np.zeros((truths.shape[1], meshes.shape[1]))
    for mesh, truth in zip(meshes, truths, strict=True):
        unit = score.inter_ocular(truth)
        total += np.linalg.norm(truth[:, None] - mesh, axis=2) / unit
    return [int(vertex) for vertex in total.argmin(axis=1)]


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.peers.mesh68", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="300-W folder")
    parser.add_argument("--split", default="train", help="file of --data's splits/")
    parser.add_argument("--photos", type=int, default=600, help="so many, evenly chosen")
    options = parser.parse_args()
    [peer] = plan.named(["mediapipe"])
    if reason := environment.missing(peer):
        raise SystemExit(f"benchmarks.peers.mesh68: mediapipe is {reason}")
    meshes, truths = [], []
    with tempfile.TemporaryDirectory() as folder:
        worker = Worker(environment.python(peer), peer.script, "static", Path(folder))
        if worker.skipped:
            raise SystemExit(f"benchmarks.peers.mesh68: {worker.skipped}")
        for name in photos.names(options.data, options.split, options.photos):
            photo = photos.read(options.data, name)
            photos.save([photo], Path(folder))
            found = np.array(worker.ask("predict", photo=0)["result"]).reshape(-1, 468, 2)
            assert photo.landmarks is not None
            away = np.linalg.norm(found.mean(axis=1) - photo.landmarks.mean(axis=0), axis=1)
            if (away <= score.NEAR * score.inter_ocular(photo.landmarks)).any():
                meshes.append(found[away.argmin()])
                truths.append(photo.landmarks)
        worker.close()
    chosen = nearest(np.array(meshes), np.array(truths))
    print(f"{len(meshes)} faces; {len(set(chosen))} vertices")
    print(", ".join(map(str, chosen)))


if __name__ == "__main__":
    main()
