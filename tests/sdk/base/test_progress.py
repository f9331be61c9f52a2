"""Progress on a terminal and in a file."""

import time

import pytest

from lapland.base.progress import Progress


class Screen:
    def __init__(self, live):
        self.live, self.text = live, ""

    def isatty(self):
        return self.live

    def write(self, text):
        self.text += text

    def flush(self):
        pass


@pytest.mark.parametrize("live", [True, False])
def test_progress(monkeypatch, live):
    now = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    screen = Screen(live)
    progress = Progress(screen, total=10_000, before=1000)
    now[0] += 7  # the start takes its time, which says nothing of the rate
    for _ in range(351):
        progress.step()
        now[0] += 0.125
    progress.close()
    if live:
        displays = screen.text.split("\r")[1::2]
        assert displays[0].startswith("1018 of 10000 photos, 8.0/s, 18:43 left")
        assert len(displays) == 67
        assert screen.text.endswith("\x1b[K")
    else:
        assert screen.text == "lapland: 1242 of 10000 photos, 8.0/s, 18:15 left\n"
