"""Faces that cross: what is counted of them."""

from benchmarks import crossing
from benchmarks.videos.motions import MOTIONS
from lapland import Detector
from tests.videos import people


def test_two_faces_that_come_nearer_keep_their_identities():
    frames = [frame for frame, _ in zip(MOTIONS["cross"](*people()), range(12), strict=False)]
    detector = Detector("1/4-lite", weights="300w", threads=1)
    for background in crossing.MODES.values():
        log = crossing.run(frames, detector, 10, background)
        assert crossing.seen_in(log) == 8  # every third frame
        assert (log.missed, log.switches, log.exchanges) == (0, 0, 0)
