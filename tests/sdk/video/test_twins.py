"""Two tracks that come to follow one face: the one that looks like it stays."""

import numpy as np
import pytest

from benchmarks.videos.scene import background, paste, placed
from lapland import Tracker
from tests.videos import people


def scene(*places):
    """Persons (0 or 1) with the middle of their face at x."""
    canvas = background()
    for number, x in places:
        who = people()[number]
        canvas = paste(canvas, who, placed(who, x, 240, 130), head=True)
    return canvas.astype(np.uint8)


@pytest.mark.parametrize("stays", [0, 1])
def test_of_two_tracks_on_one_face_the_one_that_looks_like_it_stays(detector, stays):
    """One of two neighbours goes, and the other comes to stand between their places."""
    left, right = 250, 350
    tracker = Tracker(detector, smoothing="off", background=False, search_every=100)
    first = tracker.update(scene((0, left), (1, right)), 0.0)
    assert first.ids.tolist() == [0, 1]
    middles = first.landmarks[..., 0].mean(axis=1)
    identity = int(np.argmin(np.abs(middles - (left if stays == 0 else right))))
    for number in range(1, 12):
        ids = tracker.update(scene((stays, (left + right) // 2)), number / 30).ids.tolist()
        if len(ids) < 2:
            break
    assert ids == [identity]
