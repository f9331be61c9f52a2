"""The probability of closed eyes beside another network's lids: what is counted."""

import numpy as np
import pytest

from benchmarks import closed_eyes
from benchmarks.common import results
from benchmarks.reports import poses
from lapland import Faces


def mesh(faces, gap):
    """A mesh whose eyes lie where those of the first face do, lids apart by shares of the eye."""
    points = np.zeros((478, 3))
    for (a, b), (first, last, upper, lower) in zip(
        closed_eyes.CORNERS, closed_eyes.MESH, strict=True
    ):
        points[first, :2], points[last, :2] = faces.landmarks[0][[a, b]]
        middle = points[[first, last]].mean(axis=0)
        width = np.linalg.norm(points[first] - points[last])
        half = np.array([0, gap * width / 2, 0])
        points[list(upper)] = middle - half
        points[list(lower)] = middle + half
    return points


@pytest.fixture(scope="module")
def faces(detector, image):
    return detector.predict(image)


def test_gaps_are_in_widths_of_the_eye(faces):
    found = closed_eyes.gaps_of(np.stack([mesh(faces, gap) for gap in (0.1, 0.3)]))
    np.testing.assert_allclose(found, [[0.1, 0.1], [0.3, 0.3]])


def test_eyes_are_those_of_the_face_of_the_mesh(faces):
    rows = closed_eyes.eyes_of(faces, mesh(faces, 0.3))
    assert [p for p, _ in rows] == pytest.approx(faces.eyes.closed[0].tolist())
    assert [gap for _, gap in rows] == pytest.approx([0.3, 0.3])
    assert closed_eyes.eyes_of(faces, mesh(faces, 0.3) + 50) == []
    assert closed_eyes.eyes_of(faces, np.full((478, 3), np.nan)) == []
    assert closed_eyes.eyes_of(Faces.empty(), mesh(faces, 0.3)) == []


def test_closed_eyes_are_counted_by_probability():
    eyes = [(0.01, 0.3), (0.05, 0.1), (0.6, 0.05), (0.6, 0.3), (1.0, 0.0)]
    found = closed_eyes.summary(eyes)
    assert (found["eyes"], found["closed"]) == (5, 3)
    assert found["bands"]["0.5-0.7"] == {"eyes": 2, "closed": 0.5, "probability": 0.6}
    assert found["bands"]["0.7-1.0"]["eyes"] == 1
    assert "0.1-0.3" not in found["bands"]
    # Of six pairs four are in order, and one is even.
    assert found["area"] == pytest.approx(4.5 / 6, abs=1e-3)


def test_the_table_says_how_many_eyes_of_each_probability_are_closed():
    report = results.read(results.FOLDER / "closed-eyes.json")
    table = poses.closed_eyes(report)
    for name, row in report["bands"].items():
        (line,) = (line for line in table.splitlines() if line.startswith(f"| {name} |"))
        assert line.endswith(f"| {100 * row['closed']:.0f} % |")
    assert f"{report['closed']} closed" in table
