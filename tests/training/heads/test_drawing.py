"""Triangles are drawn nearest last, and values across them are linear."""

import numpy as np

from training.heads.drawing import across, facing, front


def test_the_nearer_triangle_is_in_front():
    far = np.array([[0.0, 0], [40, 0], [0, 40]])
    near = np.array([[0.0, 0], [15, 0], [0, 15]])
    for order in ((far, near), (near, far)):
        depths = np.array([1.0 if part is near else 0.0 for part in order])
        numbers = front(np.stack(order), depths, (50, 50))
        assert numbers[3, 3] == (0 if order[0] is near else 1)
        assert numbers[18, 18] == (0 if order[0] is far else 1)
        assert numbers[45, 45] == -1


def test_more_triangles_than_a_byte_counts():
    corners = np.array([[[x, y], [x + 0.9, y], [x, y + 0.9]] for y in range(20) for x in range(20)])
    numbers = front(corners.astype(float), np.zeros(400), (20, 20))
    assert (numbers.ravel() == np.arange(400)).all()


def test_values_are_linear_across_a_triangle():
    corners = np.array([[[2.0, 3], [45, 8], [10, 40]]])
    slope, offset = np.array([[2.0, -1], [0.5, 3]]), np.array([7.0, -2])
    values = corners @ slope.T + offset
    numbers = front(corners, np.zeros(1), (50, 50))
    found = across(numbers, corners, values)
    rows, columns = np.nonzero(numbers >= 0)
    inside = (rows > 10) & (columns > 10) & (rows + columns < 45)
    wanted = np.stack([columns, rows], 1) @ slope.T + offset
    assert inside.sum() > 100
    assert np.abs(found[rows, columns] - wanted)[inside].max() < 1e-3
    assert (found[numbers < 0] == 0).all()


def test_normals_of_a_plane():
    points = np.array([[0.0, 0, 0], [1, 0, 0], [0, 1, 0], [1, 1, 0]])
    triangles = np.array([[0, 1, 2], [1, 3, 2]])
    normals, towards = facing(points, triangles)
    assert np.allclose(normals, [[0, 0, 1], [0, 0, 1]])
    assert np.allclose(towards, 1)
    assert np.allclose(facing(points, triangles[:, ::-1])[1], -1)
