"""Faces that are placed anew on one another."""

import numpy as np
import pytest

from export.stages.agreement import _Outcome, _twins
from export.stages.values import Graph, Value
from tests.export.stages.test_crops import session


@pytest.mark.parametrize(("lost", "twins"), [([], [2]), ([1], [2]), ([0], [])])
def test_a_face_placed_anew_where_another_stays_is_its_twin(lost, twins):
    g = Graph()
    boxes, placed = (Value(g, name, np.float32) for name in ("boxes", "placed"))
    none, moved = (Value(g, name, np.int64) for name in ("lost", "moved"))
    found = _twins(g, boxes, placed, _Outcome(none, moved, None))
    shapes = (boxes, ["N", 4]), (placed, ["M", 4]), (none, ["L"]), (moved, ["M"])
    run = session(g, shapes, {"twins": found})
    given = {
        "boxes": np.array([[0, 0, 10, 10], [50, 50, 60, 60], [1, 1, 9, 9]], np.float32),
        "placed": np.array([[1, 0, 11, 10]], np.float32),
        "lost": np.array(lost, np.int64),
        "moved": np.array([2]),
    }
    assert run.run(None, given)[0].tolist() == twins
