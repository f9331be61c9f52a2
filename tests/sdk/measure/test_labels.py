"""Names beside the dots of a plot."""

import itertools

import pytest

from lapland.measure.labels import place_labels

NAMES = [f"a model of number {i}" for i in range(6)]


@pytest.fixture
def axes():
    figures = pytest.importorskip("matplotlib.figure")
    return figures.Figure(figsize=(8, 4.5), layout="constrained").add_subplot()


def boxes_of(axes, places, sizes):
    axes.scatter(*zip(*places, strict=True), sizes)
    axes.set(xlim=(0, 10), ylim=(0, 10))
    return [note.get_window_extent() for note in place_labels(axes, NAMES, places, sizes)]


def test_names_of_dots_in_a_row_hide_neither_each_other_nor_a_dot(axes):
    places = [(4 + 0.4 * i, 5.0) for i in range(6)]
    boxes = boxes_of(axes, places, [40.0] * 6)
    for one, other in itertools.combinations(boxes, 2):
        assert not one.overlaps(other)
    for (x, y), box in itertools.product(axes.transData.transform(places), boxes):
        assert not box.contains(x, y)


def test_a_name_stays_within_the_plot(axes):
    corners = [(0, 0), (10, 0), (0, 10), (10, 10), (10, 5), (0, 5)]
    for box in boxes_of(axes, corners, [40.0] * 6):
        frame = axes.get_window_extent()
        assert frame.x0 <= box.x0 < box.x1 <= frame.x1
        assert frame.y0 <= box.y0 < box.y1 <= frame.y1


def test_a_name_far_from_others_stands_at_the_upper_right(axes):
    places = [(1.0, 1 + 1.4 * i) for i in range(6)]
    dots = axes.transData
    for place, box in zip(places, boxes_of(axes, places, [10.0] * 6), strict=True):
        x, y = dots.transform(place)
        assert x < box.x0 < x + 20
        assert y < box.y0 < y + 20
