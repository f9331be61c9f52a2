"""What is found and how far off it is, on faces made by hand."""

import numpy as np
import pytest

from benchmarks.peers import mesh68, score, vertices


def face() -> np.ndarray:
    points = np.random.default_rng(1).uniform(0, 100, (68, 2))
    points[36], points[45] = (0, 50), (100, 50)  # 100 pixels apart
    return points


def test_errors_are_percent_of_the_outer_corners_distance():
    truth = face()
    np.testing.assert_allclose(score.errors(truth + np.array([3, 4]), truth), np.full(68, 5.0))
    assert np.isnan(score.errors(None, truth)).all()


def test_found_is_what_lies_within_half_the_inter_ocular_distance():
    truth = face()
    assert score.match(np.zeros((0, 68, 2)), truth) is None
    assert score.match(truth[None] + np.array([51, 0]), truth) is None
    np.testing.assert_array_equal(
        score.match(truth[None] + np.array([49, 0]), truth), truth + np.array([49, 0])
    )
    faces = np.stack(
        [truth + np.array([40, 0]), truth + np.array([0, 2]), truth + np.array([300, 0])]
    )
    np.testing.assert_array_equal(score.match(faces, truth), faces[1])


def test_landmarks_that_are_not_shared_do_not_count():
    truth = face()
    given = truth + np.array([2, 0])
    given[:17] = np.nan
    matched = score.match(given[None], truth)
    assert matched is not None
    table = score.errors(matched, truth)[None]
    row = score.by_face(table)
    assert row == {"faces": "2.000", "faces_inner": "2.000", "shared": 51}


def test_rows_are_summed_up_over_their_own_faces_and_over_those_of_all():
    def row(faces: str) -> dict:
        return {"predict": {"faces": faces, "faces_inner": faces, "shared": 68}}

    rows = {"a": row("1.0 2.0 - 9.0"), "b": row("3.0 - - 5.0"), "detector": {"detect": {}}}
    rows["b"]["landmarks"] = {"faces": "4.0 4.0 - 6.0", "faces_inner": "1 1 1 1", "shared": 68}
    assert score.sum_up(rows) == 2
    a, b = rows["a"]["predict"], rows["b"]["predict"]
    assert (a["nmse"], a["missed"], a["nmse_found_by_all"]) == (4.0, 1, 5.0)
    assert (b["nmse"], b["missed"], b["nmse_found_by_all"]) == (4.0, 2, 4.0)
    given = rows["b"]["landmarks"]
    assert (given["missed"], given["nmse_found_by_all"], given["nmse_inner"]) == (1, 5.0, 1.0)


def test_a_row_that_found_nothing_has_no_nmse():
    rows = {"a": {"predict": score.by_face(np.full((3, 68), np.nan))}}
    assert score.sum_up(rows) == 0
    assert rows["a"]["predict"]["nmse"] is None
    assert rows["a"]["predict"]["missed"] == 3


def test_boxes_found_and_extra():
    truth = np.array([100.0, 100, 200, 200])
    assert score.found_and_extra([], truth) == (0, 0)
    assert score.found_and_extra([[90, 90, 210, 210]], truth) == (1, 0)
    assert score.found_and_extra([[90, 90, 210, 210], [300, 0, 400, 100]], truth) == (1, 1)
    assert score.found_and_extra([[180, 180, 280, 280]], truth) == (0, 1)
    assert score.box_of([[300, 0, 400, 100], [90, 90, 210, 210]], truth) == 1
    assert score.box_of([[300, 0, 400, 100]], truth) is None


@pytest.mark.parametrize("size", [468, 478])
def test_a_mesh_becomes_68_landmarks(size):
    mesh = np.arange(2.0 * size).reshape(1, size, 2)
    np.testing.assert_array_equal(score.as68(mesh)[0, 30], mesh[0, vertices.VERTICES[30]])
    assert score.as68([]).shape == (0, 68, 2)
    with pytest.raises(ValueError, match="expected landmarks of shape"):
        score.as68(np.zeros((1, 98, 2)))


def test_the_table_of_vertices_names_68_of_the_mesh():
    assert len(vertices.VERTICES) == len(set(vertices.VERTICES)) == 68
    assert 0 <= min(vertices.VERTICES) <= max(vertices.VERTICES) < 468


def test_vertices_are_the_nearest_in_the_mean():
    truths = np.stack([face(), 3 * face()])
    noise = np.random.default_rng(2).normal(0, 0.1, (2, 68, 2))
    order = np.random.default_rng(3).permutation(100)[:68]
    meshes = np.full((2, 100, 2), 1e4)
    meshes[:, order] = truths + noise
    assert mesh68.nearest(meshes, truths) == order.tolist()
