"""Names beside the dots of a plot that hide neither one another nor a dot."""

import math
from collections.abc import Sequence
from typing import Any

_FONT = 8  # points
_GAP = 3.0  # points between a dot, as if it were small, and its name
# Directions of a name from its dot, the best first, and alignments of the name.
_SIDES = (
    (1, 1, "left", "bottom"),
    (1, -1, "left", "top"),
    (-1, 1, "right", "bottom"),
    (-1, -1, "right", "top"),
    (1, 0, "left", "center"),
    (-1, 0, "right", "center"),
    (0, 1, "center", "bottom"),
    (0, -1, "center", "top"),
)
_FARTHER = (1.0, 2.0, 3.5)  # gaps, in turn, if nothing is free; a line then leads to the dot

Box = tuple[float, float, float, float]  # x1, y1, x2, y2, pixels of the picture


def place_labels(
    axes: Any, names: Sequence[str], places: Sequence[tuple[float, float]], sizes: Sequence[float]
) -> list[Any]:
    """Writes a name beside each dot: at the first free place, or the one that hides least.

    Limits, scales and legend of the axes must not change afterwards.

    Args:
        axes: axes of matplotlib with the dots.
        names: one for each dot.
        places: (x, y) of each dot, as in the plot.
        sizes: area of each dot, square points, as `scatter` takes it.

    Returns:
        the names, as annotations of matplotlib.
    """
    figure = axes.figure
    figure.draw_without_rendering()  # the layout moves the axes
    point = figure.dpi / 72  # pixels
    dots = []
    for place, size in zip(places, sizes, strict=True):
        (x, y), half = axes.transData.transform(place), math.sqrt(size) / 2 * point
        dots.append((x - half, y - half, x + half, y + half))
    frame, legend = _box(axes), axes.get_legend()
    taken = [] if legend is None else [_box(legend)]
    notes = []
    for i, (name, place) in enumerate(zip(names, places, strict=True)):
        others = [*taken, *dots[:i], *dots[i + 1 :]]
        best, least = None, math.inf
        for note in _candidates(axes, name, place):
            box = _box(note)
            hidden = sum(_shared(box, other) for other in others)
            hidden += _area(box) - _shared(box, frame)  # the part outside
            if hidden < least:
                if best is not None:
                    best.remove()
                best, least = note, hidden
            else:
                note.remove()
            if not least:
                break
        assert best is not None
        best.set_in_layout(False)
        taken.append(_box(best))
        notes.append(best)
        if max(map(abs, best.xyann)) > 2 * _GAP:
            line = {"arrowstyle": "-", "color": "tab:gray", "lw": 0.6, "shrinkA": 0, "shrinkB": 0}
            lead = axes.annotate("", place, best.xyann, textcoords="offset points", arrowprops=line)
            lead.set_in_layout(False)
    return notes


def _candidates(axes: Any, name: str, place: tuple[float, float]) -> Any:
    for farther in _FARTHER:
        for right, up, across, along in _SIDES:
            # A name straight above is nearer than one that is also to the side, so it goes further.
            gap = _GAP * farther * (1.0 if right and up else 2.0)
            offset = (2 * gap if up else gap) * right, gap * up
            yield axes.annotate(
                name,
                place,
                offset,
                textcoords="offset points",
                fontsize=_FONT,
                ha=across,
                va=along,
            )


def _box(drawn: Any) -> Box:
    box = drawn.get_window_extent()
    return box.x0, box.y0, box.x1, box.y1


def _area(box: Box) -> float:
    return max(0.0, box[2] - box[0]) * max(0.0, box[3] - box[1])


def _shared(first: Box, second: Box) -> float:
    low = [max(first[i], second[i]) for i in (0, 1)]
    high = [min(first[i], second[i]) for i in (2, 3)]
    return _area((low[0], low[1], high[0], high[1]))
