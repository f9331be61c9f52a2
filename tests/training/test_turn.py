"""The command that turns faces: copies, labels, weights; resumed; refused with a reason."""

import cv2
import numpy as np
import pytest

from lapland.schemes.ibug68 import IBUG68
from tests.drawn_head import drawn_head, seen
from training import turn
from training.data.indices import Row, read_index, write_index
from training.data.readers import read_folder
from training.labelling.folder import write_face


@pytest.fixture(scope="module")
def head():
    return drawn_head()


@pytest.fixture
def faces(tmp_path, head):
    rng = np.random.default_rng(0)
    rows = []
    for i in range(3):
        coefficients = np.append(rng.normal(0, 0.3, head.identities), [0.2, 0.0])
        _, landmarks = seen(head, coefficients, rng.uniform(-10, 10), 0, 9.0)
        image = np.full((300, 300, 3), 90, np.uint8)
        hull = cv2.convexHull(landmarks.astype(np.float32)).astype(np.int32)
        cv2.fillConvexPoly(image, hull, rng.integers(120, 250, 3).tolist())
        write_face(tmp_path / "deep/one", f"face_{i}", image, landmarks)
        rows.append(Row(f"face_{i}", "drawn", "CC0", 1.0, np.full(68, 0.5)))
    write_index(tmp_path / "deep/one", rows)
    return tmp_path / "deep"


def test_copies_are_written_with_the_weights_of_their_originals(faces, head, tmp_path, capsys):
    names = [f"one/face_{i}" for i in range(3)]
    turn.turn_all(head, faces, names, tmp_path / "out", turn.Angles(), 0)
    assert "3 faces turned, 3 in" in capsys.readouterr().out
    copies = read_folder(tmp_path / "out", IBUG68)
    assert copies.names == names
    assert copies.weights is not None
    assert (np.isclose(copies.weights, 0.5) | np.isclose(copies.weights, 0.15)).all()
    originals = read_folder(faces, IBUG68, names)
    for before, after in zip(originals.landmarks, copies.landmarks, strict=True):
        # The nose has moved away from the middle of the eyes.
        gap = [p[30, 0] - (p[36, 0] + p[45, 0]) / 2 for p in (before, after)]
        assert abs(gap[1]) > abs(gap[0]) + 4
    assert {row.source for row in read_index(tmp_path / "out").values()} == {"drawn, turned"}


def test_a_second_run_turns_only_the_rest_and_the_same_way(faces, head, tmp_path):
    names = [f"one/face_{i}" for i in range(3)]
    for out, part in (("whole", names), ("parts", names[:1]), ("parts", names)):
        turn.turn_all(head, faces, part, tmp_path / out, turn.Angles(), 3)
    for name in names:
        for suffix in (".jpg", ".pts"):
            whole = (tmp_path / f"whole/{name}{suffix}").read_bytes()
            assert whole == (tmp_path / f"parts/{name}{suffix}").read_bytes()


def test_a_turned_face_is_turned_on_and_not_too_far(head):
    rng = np.random.default_rng(0)
    for yaw in (-50.0, -15.0, 15.0, 70.0):
        _, landmarks = seen(head, np.zeros(len(head.modes)), yaw, 0, 9.0)
        fit = turn.fit_head(head, landmarks)
        for _ in range(20):
            more, _ = turn.Angles().drawn(fit, rng)
            assert np.sign(more) == np.sign(fit.yaw) or more == 0
            assert abs(fit.yaw + more) <= turn.MOST_YAW + 1e-6


def test_what_is_missing_is_named(tmp_path, faces):
    with pytest.raises(SystemExit, match="there is no such file"):
        turn.main([str(faces), "--out", str(tmp_path / "o"), "--head", str(tmp_path / "no.npz")])
    with pytest.raises(SystemExit, match="give --out, --sheet or both"):
        turn.main([str(faces), "--head", "x"])
    (tmp_path / "bad.npz").write_bytes(b"nothing")
    with pytest.raises(SystemExit, match="expected a head's arrays"):
        turn.main([str(faces), "--out", str(tmp_path / "o"), "--head", str(tmp_path / "bad.npz")])
