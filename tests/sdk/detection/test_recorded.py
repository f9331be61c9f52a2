"""The cascade against the original package, as recorded by `tests/cascade/make_cascade.py`."""

import json
from pathlib import Path

import numpy as np
import pytest

from lapland.detection.mtcnn import Mtcnn
from tests.cascade.make_cascade import DEFAULT, FILE, LOW, RUNS, area_pyramid, pictures

MODELS = Path(__file__).resolve().parents[3] / "models" / "mtcnn"
NETWORKS = [(MODELS / f"{net}.onnx").read_bytes() for net in ("pnet", "rnet", "onet")]
RECORDED = json.loads(FILE.read_text("utf-8"))["runs"]
USUAL = [run for run in RECORDED if tuple(run["thresholds"]) == DEFAULT]


def named(run):
    return f"{run['picture']}, {run['min_face']}, {run['thresholds']}"


def paired(recorded, found):
    """Recorded faces in the order of the found ones: the nearest box for each."""
    distances = np.abs(found[:, None] - recorded[None]).max(axis=-1)
    order = distances.argmin(axis=1)
    assert sorted(order) == list(range(len(recorded)))
    return order


@pytest.fixture(scope="module")
def images():
    return pictures()


def cascade_of(run, **options):
    kept = {"min_face": run["min_face"], "thresholds": tuple(run["thresholds"])}
    return Mtcnn(*NETWORKS, threads=1, **kept, **options)


@pytest.mark.parametrize("run", RECORDED, ids=named)
def test_boxes_scores_and_points_are_those_of_the_package(run, images):
    found = cascade_of(run, levels=area_pyramid).detect(images[run["picture"]])
    recorded = [np.array(run[key]) for key in ("boxes", "scores", "five_points")]
    assert len(found[0]) == len(recorded[0])
    order = paired(recorded[0], found[0])
    np.testing.assert_allclose(found[0], recorded[0][order], rtol=0, atol=0.01)
    np.testing.assert_allclose(found[1], recorded[1][order], rtol=0, atol=1e-3)
    # Points are rounded to 1/32 pixel.
    np.testing.assert_allclose(found[2], recorded[2][order], rtol=0, atol=0.01 + 1 / 64)


def test_the_record_is_of_these_runs_and_each_threshold_refuses_faces():
    counts = {
        (run["picture"], run["min_face"], tuple(run["thresholds"])): len(run["boxes"])
        for run in RECORDED
    }
    assert list(counts) == RUNS
    raised = [run for run in RUNS if run[2] not in (DEFAULT, LOW)]
    assert len(raised) == 3
    assert all(0 < counts[run] < counts["sheet", 20, LOW] for run in raised)


@pytest.mark.parametrize("run", USUAL, ids=named)
def test_the_faster_pyramid_finds_the_same_faces(run, images):
    boxes, _, points = cascade_of(run).detect(images[run["picture"]])
    assert len(boxes) == len(run["boxes"])
    for box, five in zip(run["boxes"], run["five_points"], strict=True):
        side = max(box[2] - box[0], box[3] - box[1])
        apart = np.abs(boxes - box).max(axis=1)
        assert apart.min() < 0.2 * side
        assert np.abs(points[apart.argmin()] - five).mean() < 0.04 * side
